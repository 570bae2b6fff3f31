import { openSafetensors, tensor } from "@inctrl/tensor";
import { maxError, shared } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/tensor";
import * as assert from "uvu/assert";
import { axisMatrix, BLUR, pixelMaps } from "../../src/maps/pixel-maps.js";

const test = deviceTests();

const golden = shared("golden/baselines-cnn/ops.safetensors");
if (golden) {
  for (const [input, want, options] of [
    ["upsample.x", "upsample.to24x20", {}],
    ["upsample.x", "upsample.to17x23", {}],
    ["blur.x", "blur.symmetric", { blur: BLUR }],
    ["blur.x", "blur.mirror", { blur: { ...BLUR, border: "mirror" } }],
    ["blur_small.x", "blur_small.symmetric", { blur: BLUR }],
  ] as const) {
    test(`${want} is the reference's`, async (device) => {
      const file = await openSafetensors(golden);
      const shape = file.tensors.get(input)!.shape;
      using maps = tensor(device, await file.readFloat32(input), shape.length === 2 ? [1, ...shape] : shape);
      const [height, width] = file.tensors.get(want)!.shape.slice(-2);
      using made = pixelMaps(maps, { width, height }, options);
      const values = await file.readFloat32(want);
      const far = maxError(await made.data(), values);
      assert.ok(far < 1e-5 * Math.max(...values.map(Math.abs)), String(far));
      await file.close();
    });
  }
}

test("a single patch fills the map, whatever the blur", () => {
  for (const border of ["symmetric", "mirror"] as const)
    for (const value of axisMatrix(1, 5, { blur: { sigma: 4, border } }))
      assert.ok(Math.abs(value - 1) < 1e-15);
});

test("bicubic is the cubic of a = -0.75 over four patches, edges repeated", () => {
  const [from, to, a] = [3, 7, -0.75];
  const cubic = (x: number) =>
    x < 1 ? (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1 : a * (x ** 3 - 5 * x ** 2 + 8 * x - 4);
  const made = axisMatrix(from, to, { upsampling: "bicubic" });
  for (let i = 0; i < to; i++) {
    const place = ((i + 0.5) * from) / to - 0.5;
    const want = new Float64Array(from);
    for (let k = Math.floor(place) - 1; k <= Math.floor(place) + 2; k++)
      want[Math.min(from - 1, Math.max(0, k))] += cubic(Math.abs(place - k));
    assert.ok(maxError(made.subarray(i * from, (i + 1) * from), want) < 1e-7);
  }
});

test("nearest repeats each patch", () => {
  assert.equal(Array.from(axisMatrix(2, 4, { upsampling: "nearest" })), [1, 0, 1, 0, 0, 1, 0, 1]);
});

test.run();
