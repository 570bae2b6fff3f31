import { test } from "uvu";
import * as assert from "uvu/assert";
import { parameterReader } from "../../src/checkpoint/check.js";
import { requireFinite } from "../../src/checkpoint/finite.js";
import { clipParameters } from "../../src/model/clip.js";
import { canonical, clip, huggingFace, open } from "./spellings.js";

test("a NaN or an infinity is refused wherever it stands, with the tensor's and the file's name", () => {
  for (const bad of [Number.NaN, Infinity, -Infinity])
    for (let length = 1; length < 10; length++)
      for (let at = 0; at < length; at++) {
        const values = new Float32Array(length).fill(3e38);
        values[at] = bad;
        assert.throws(
          () => requireFinite(values, "m.pt", "w"),
          `m.pt: tensor "w" holds ${bad} at ${at} of ${length};`,
        );
      }
  for (let length = 0; length < 10; length++)
    requireFinite(new Float32Array(length).fill(length % 2 ? -3.4e38 : 1e-45), "m.pt", "w");
});

const name = "visual.transformer.resblocks.1.attn.in_proj_weight";
const inFile = "vision_model.encoder.layers.1.self_attn.v_proj.weight";

async function read(value: number, dtype: "float32" | "float16"): Promise<Float32Array> {
  const tensors = huggingFace(canonical(clip));
  (tensors.get(inFile)!.data as Float32Array)[5] = value;
  const weights = open(tensors);
  return parameterReader(weights, clip, dtype)(name, clipParameters(clip).get(name)!);
}

async function refused(value: number, dtype: "float32" | "float16", says: string): Promise<void> {
  const error = await read(value, dtype).then(
    () => assert.unreachable(says),
    (error) => error,
  );
  assert.is(error.code, "values");
  assert.match(error.message, says);
}

test("it is found in a part of a stacked tensor, under the file's own name", () =>
  refused(Number.NaN, "float32", `t: tensor "${inFile}" holds NaN at 5`));

test("values above 65504 are refused in float16 alone", async () => {
  await refused(-65505, "float16", `t: tensor "${name}" holds 65505, more than float16's 65504`);
  await read(-65504, "float16");
  await read(-65505, "float32");
});

test.run();
