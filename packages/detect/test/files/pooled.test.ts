import { encodePng } from "@inctrl/datasets";
import { parseSafetensors, serializeSafetensors } from "@inctrl/tensor/files";
import { pooled } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkSeal, sealedParts } from "../../src/files/sealed.js";

const TENSORS = {
  a: { dtype: "F32", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  b: { dtype: "F16", shape: [4], data: Uint16Array.of(0x3c00, 0, 0x4000, 1) },
} as const;

test("a sealed file in a larger buffer is read, and its sums hold, by its own bytes", async () => {
  const whole = Buffer.concat(sealedParts(TENSORS, { format: "inctrl-bank" }));
  for (const offset of [1, 24]) {
    const file = checkSeal(parseSafetensors(pooled(whole, offset), "file"));
    assert.is(file.sealed, true);
    assert.equal([...(await file.readFloat32("a"))], [1, 2, 3, 4, 5, 6]);
    assert.equal([...(await file.readFloat32("b"))], [1, 0, 2, 2 ** -24]);
  }
});

test("tensors whose values are views of larger buffers are written and sealed by their own", () => {
  const large = Float32Array.from({ length: 20 }, (_, i) => i - 3);
  const views = { ...TENSORS, a: { ...TENSORS.a, data: large.subarray(4, 10) } };
  const written = (tensors: typeof views) => Buffer.concat(sealedParts(tensors, {}));
  assert.equal(written(views), written({ ...TENSORS, a: { ...TENSORS.a, data: large.slice(4, 10) } }));
  const plain = (tensors: typeof views) => Buffer.concat(serializeSafetensors(tensors, {}));
  assert.equal(plain(views), plain({ ...TENSORS, a: { ...TENSORS.a, data: large.slice(4, 10) } }));
  const data = Uint8Array.from({ length: 60 }, (_, i) => 4 * i);
  const picture = { width: 5, height: 4 };
  assert.equal(encodePng({ ...picture, data: pooled(data, 5) }), encodePng({ ...picture, data }));
});

test.run();
