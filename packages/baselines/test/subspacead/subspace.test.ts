import { openSafetensors, slice, tensor } from "@inctrl/tensor";
import { maxError, shared } from "@inctrl/testing";
import { deviceTests, random } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import { joinMoments, momentsOf } from "../../src/subspacead/moments.js";
import { principalSubspace } from "../../src/subspacead/subspace.js";

const test = deviceTests();

test("moments in parts are those of all rows, also far from 0", async (device) => {
  const [count, width] = [2500, 5];
  const values = random(3, count * width).map((value) => 100 + value);
  using rows = tensor(device, values, [count, width]);
  using first = slice(rows, [[0, 700]]);
  using others = slice(rows, [[700, count]]);
  const got = joinMoments(await momentsOf(first), await momentsOf(others));
  const mean = Array.from(
    { length: width },
    (_, c) => values.filter((_, i) => i % width === c).reduce((a, b) => a + b, 0) / count,
  );
  const scatter = Array.from({ length: width * width }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < count; row++)
      sum +=
        (values[row * width + Math.floor(i / width)] - mean[Math.floor(i / width)]) *
        (values[row * width + (i % width)] - mean[i % width]);
    return sum;
  });
  assert.is(got.count, count);
  assert.ok(maxError(got.mean, mean) < 1e-9);
  assert.ok(maxError(got.scatter, scatter) < 1e-5 * Math.max(...scatter));
});

const golden = shared("golden/baselines-clip/anomalydino.safetensors");
if (golden) {
  test("components, mean, variances and residuals agree with the golden values", async (device) => {
    const file = await openSafetensors(golden);
    const read = (name: string) => file.readFloat32(name);
    using rows = tensor(device, await read("features.bank"), file.tensors.get("features.bank")!.shape);
    const { components, mean, variances, rest } = principalSubspace(await momentsOf(rows), 0.99);
    const near = (got: ArrayLike<number>, want: Float32Array, what: string) =>
      assert.ok(maxError(got, want) <= 1e-4 * Math.max(...want.map(Math.abs)), what);
    assert.is(components, (await read("subspace.components"))[0]);
    near(mean, await read("subspace.mean"), "mean");
    near(variances, await read("subspace.variances"), "variances");
    const width = mean.length;
    const query = await read("features.query");
    const left = width - components;
    const residuals = Array.from({ length: query.length / width }, (_, row) => {
      let sum = 0;
      for (let i = 0; i < left; i++) {
        let along = 0;
        for (let c = 0; c < width; c++) along += (query[row * width + c] - mean[c]) * rest[c * left + i];
        sum += along * along;
      }
      return sum;
    });
    near(residuals, await read("subspace.residual"), "residual");
    await file.close();
  });
}

test.run();
