import { openSafetensors } from "@inctrl/tensor";
import { maxError, shared } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { topMean } from "../../src/anomalydino/aggregate.js";
import { firstComponent, foreground } from "../../src/anomalydino/foreground.js";

const test = suite("foreground");

const golden = shared("golden/baselines-clip/anomalydino.safetensors");
if (golden) {
  test("component, masks on the grid and on a column, and scores agree with the golden values", async () => {
    const file = await openSafetensors(golden);
    const read = (name: string) => file.readFloat32(name);
    const [rows, columns] = await read("features.grid");
    const query = await read("features.query");
    const [count, width] = file.tensors.get("features.query")!.shape.slice(1);
    const of = async (name: string, i: number) => (await read(name)).slice(i * count, (i + 1) * count);
    for (const i of [0, 1, 2]) {
      const patches = query.slice(i * count * width, (i + 1) * count * width);
      const component = firstComponent(patches, width);
      const want = await of("features.component", i);
      const scale = Math.max(...want.map(Math.abs));
      assert.ok(maxError(component, want) < 1e-4 * scale, `component: ${maxError(component, want)}`);
      for (const [rule, name] of [
        ["grid", "features.mask"],
        ["released", "features.mask_released"],
      ] as const)
        assert.equal(
          Array.from(foreground(component, { rows, columns }, rule)),
          Array.from(await of(name, i)),
          `image ${i}, ${name}`,
        );
      const distances = await of("features.distances", i);
      assert.ok(Math.abs(topMean(distances) - (await read("features.score"))[i]) < 1e-6);
    }
    await file.close();
  });
}

test("a hundredth of the values is their mean, and below 200 the largest", () => {
  assert.equal(topMean(Float32Array.from({ length: 199 }, (_, i) => i)), 198);
  assert.equal(topMean(Float32Array.from({ length: 200 }, (_, i) => i)), 198.5);
});

test("patches that are all alike have no component and no foreground", () => {
  const component = firstComponent(new Float32Array(12).fill(3), 3);
  assert.equal(Array.from(component), [0, 0, 0, 0]);
  assert.equal(Array.from(foreground(component, { rows: 2, columns: 2 })), [0, 0, 0, 0]);
});

test.run();
