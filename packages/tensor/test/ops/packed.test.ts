import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import { panelWidth } from "../../src/kernels/plan.js";
import { cast } from "../../src/ops/cast.js";
import { packMatrix, packScaled } from "../../src/ops/packed.js";
import { close, deviceTests, FAMILIES, random, throwsCode } from "../support.js";

const test = deviceTests(FAMILIES);

/** Panels by the definition: [batch][panel][k][width], columns past the end zero. */
function panels(
  value: (b: number, k: number, n: number) => number,
  batch: number,
  k: number,
  n: number,
  width: number,
) {
  const out: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let first = 0; first < n; first += width)
      for (let row = 0; row < k; row++)
        for (let col = first; col < first + width; col++) out.push(col < n ? value(b, row, col) : 0);
  return out;
}

test("panels hold each column once, zeros past the end, from either orientation", async (device) => {
  const width = panelWidth(device.caps);
  for (const [batch, k, n] of [
    [1, 3, 1],
    [1, 5, width],
    [2, 4, width + 1],
    [3, 1, 2 * width - 1],
  ]) {
    const values = random(1, batch * k * n);
    const plain = tensor(device, values, [batch, k, n]);
    const turned = tensor(device, values, [batch, n, k]);
    const packed = packMatrix(plain);
    close(
      await packed.panels.data(),
      panels((b, row, col) => values[(b * k + row) * n + col], batch, k, n, width),
      0,
      `${batch} x ${k} x ${n}`,
    );
    const other = packMatrix(turned, { transposed: true });
    const want = panels((b, row, col) => values[(b * n + col) * k + row], batch, k, n, width);
    close(await other.panels.data(), want, 0, "transposed");
    assert.equal([packed.k, packed.n, packed.batch, packed.width, packed.half], [k, n, batch, width, false]);
    for (const t of [plain, turned, packed, other]) t.dispose();
  }
});

test("float16 in, float16 out and a factor for each column", async (device) => {
  const width = panelWidth(device.caps);
  const values = random(2, 7 * 9);
  const source = tensor(device, values, [7, 9]);
  const half = cast(source, "float16");
  const rounded = await half.data();
  const factors = random(3, 9);
  const scale = tensor(device, factors);
  const want = (from: ArrayLike<number>, factor: (n: number) => number) =>
    panels((_, row, col) => Math.fround(from[row * 9 + col] * factor(col)), 1, 7, 9, width);
  const fromHalf = packMatrix(half);
  close(
    await fromHalf.panels.data(),
    want(rounded, () => 1),
    0,
    "float16 source",
  );
  const toHalf = packMatrix(source, { dtype: "float16" });
  assert.ok(toHalf.half);
  assert.is(toHalf.bytes, fromHalf.bytes / 2);
  close(
    await toHalf.panels.data(),
    want(rounded, () => 1),
    0,
    "float16 panels",
  );
  const scaled = packScaled(source, {}, scale);
  close(
    await scaled.panels.data(),
    want(values, (n) => factors[n]),
    { rel: 1e-7 },
    "scaled",
  );
  for (const t of [source, half, scale, fromHalf, toHalf, scaled]) t.dispose();
});

test("vectors and whole numbers are rejected", async (device) => {
  const vector = tensor(device, [1, 2]);
  const whole = tensor(device, Int32Array.of(1, 2), [1, 2]);
  await throwsCode(() => packMatrix(vector), "shape", /pack: \[2\] must have at least two axes/);
  await throwsCode(() => packMatrix(whole), "dtype", /pack: int32 values; cast to float32 first/);
  vector.dispose();
  whole.dispose();
});

test.run();
