import { join } from "node:path";
import { type Clip, checkKeys, clipParameters, loadClip, type ModelConfig, type Weights } from "@inctrl/clip";
import { encodePixels, prototypesFromIds } from "@inctrl/detect";
import {
  type Device,
  mean,
  openSafetensors,
  packBank,
  reshape,
  scope,
  type Tensor,
  type TensorFile,
  tensor,
} from "@inctrl/tensor";
import { InctrlError } from "../errors.js";
import { Heads, isHeadName } from "../heads.js";
import { contrastiveChecks } from "./contrastive.js";
import { type Fixture, openFixture } from "./fixture.js";
import { forward } from "./forward.js";
import {
  compare,
  LOGIT_TOLERANCE,
  maxDifference,
  type ParityCheck,
  type ParityReport,
  report,
  TOLERANCE,
} from "./report.js";
import { trainChecks } from "./train.js";

/** Rounding of half precision, relative. */
const HALF_TOLERANCE = 5e-4;
/** Below this float16 has fewer digits. */
const HALF_SMALLEST = 6.2e-5;

/**
 * Runs a fixture's model and holds every value it computes against PyTorch's, and every checkpoint file against the first.
 *
 * @throws InctrlError `parity` where the folder is no fixture.
 */
export async function runParity(device: Device, dir: string): Promise<ParityReport> {
  const fixture = await openFixture(dir);
  try {
    const checks = await forwardChecks(device, dir, fixture);
    checks.push(
      ...(await trainChecks(device, dir, fixture)),
      ...(await contrastiveChecks(device, dir, fixture)),
    );
    const [reference, ...others] = fixture.checkpoints;
    checks.push(await checkpointCheck(reference.name, reference.weights, reference.weights, fixture));
    for (const { name, weights } of others) {
      checks.push(await checkpointCheck(name, weights, reference.weights, fixture));
    }
    return report(checks);
  } finally {
    await fixture.close();
  }
}

/** Compares the parameters of two checkpoints of one model; relative where one is in half precision. */
async function checkpointCheck(
  name: string,
  weights: Weights,
  reference: Weights,
  { config }: Fixture,
): Promise<ParityCheck> {
  const half = weights.dtype !== reference.dtype;
  const tolerance = half ? HALF_TOLERANCE : 0;
  const label = `${name}: parameters${half ? " (relative)" : ""}`;
  const { missing, misshaped, unexpected } = checkKeys(weights, config, { parts: "clip" });
  if (missing.length + misshaped.length + unexpected.length > 0) {
    const reason = `missing ${missing.length}, misshaped ${misshaped.length}, unexpected ${unexpected.length}`;
    return { name: label, maxAbs: null, tolerance, ok: false, reason };
  }
  let worst = 0;
  for (const key of clipParameters(config).keys()) {
    const [got, want] = [await weights.readFloat32(key), await reference.readFloat32(key)];
    if (!half) worst = Math.max(worst, maxDifference(got, want));
    else {
      want.forEach((v, i) => {
        worst = Math.max(worst, Math.abs(got[i] - v) / Math.max(Math.abs(v), HALF_SMALLEST));
      });
    }
  }
  return { name: label, maxAbs: worst, tolerance, ok: worst <= tolerance };
}

async function forwardChecks(device: Device, dir: string, fixture: Fixture): Promise<ParityCheck[]> {
  const { config, checkpoints } = fixture;
  const withHeads = checkpoints.find(({ weights }) => [...weights.keys.keys()].some(isHeadName));
  if (!withHeads) throw new InctrlError("parity", `${dir}: no checkpoint holds InCTRL's heads`);
  const golden = await openSafetensors(join(dir, "forward.safetensors"));
  const clip = await loadClip(device, config, checkpoints[0].weights);
  const heads = await Heads.from(withHeads.weights, device);
  try {
    return await compareForward(device, golden, clip, heads, fixture);
  } finally {
    heads.dispose();
    clip.dispose();
    await golden.close();
  }
}

/** What the values of a fixture were computed from. */
const INPUTS = new Set(["query", "prompts", "normal_ids", "abnormal_ids"]);

/** The sizes of a fixture's inputs; throws unless they fit one another and the model, and there are values to compare. */
function inputSizes(golden: TensorFile, { vision }: ModelConfig) {
  const fail = (why: string) =>
    new InctrlError("parity", `${golden.path}: ${why}; give a folder in the form of golden/tiny`);
  const shape = (name: string) => {
    const stored = golden.tensors.get(name);
    if (!stored) throw fail(`has no ${JSON.stringify(name)}`);
    return stored.shape;
  };
  const { imageSize: side } = vision;
  const [queries, shots] = shape("prompts");
  const [texts, length] = shape("normal_ids");
  const [others] = shape("abnormal_ids");
  for (const [name, want] of [
    ["prompts", [queries, shots, 3, side, side]],
    ["query", [queries, 3, side, side]],
    ["normal_ids", [texts, length]],
    ["abnormal_ids", [others, length]],
  ] as const) {
    const got = shape(name);
    if (got.length !== want.length || got.some((d, i) => d !== want[i] || d === 0)) {
      throw fail(`${JSON.stringify(name)} is [${got.join(", ")}] and must be [${want.join(", ")}]`);
    }
  }
  if ([...golden.tensors.keys()].every((name) => INPUTS.has(name)))
    throw fail("holds no values to agree with");
  return { queries, shots, length, side };
}

async function compareForward(
  device: Device,
  golden: TensorFile,
  clip: Clip,
  heads: Heads,
  { config }: Fixture,
): Promise<ParityCheck[]> {
  const { outBlocks: blocks } = config;
  const { queries, shots, length, side } = inputSizes(golden, config);
  const [query, prompts] = [await golden.readFloat32("query"), await golden.readFloat32("prompts")];
  const ids = async (name: string) => Int32Array.from(await golden.readFloat32(name));
  const [normal, anomaly] = [await ids("normal_ids"), await ids("abnormal_ids")];
  const kept = scope(() => {
    const { text, vision } = clip;
    if (!text) throw new InctrlError("parity", "the fixture's model has no text tower");
    const texts = text.forward(normal, length);
    const prototypes = prototypesFromIds(text, normal, anomaly, length);
    const pixels = tensor(device, query, [queries, 3, side, side]);
    const outputs = vision.forward(pixels, { taps: blocks });
    const seen = encodePixels(vision, pixels, blocks);
    const given = encodePixels(vision, tensor(device, prompts, [queries * shots, 3, side, side]), blocks);
    // Every query has prompts of its own here: banks and prompt features are batches.
    const banks = given.taps.map((tap) => packBank(reshape(tap, [queries, -1, tap.shape[2]])));
    const promptFeature = mean(reshape(heads.adapt(given.features), [queries, shots, -1]), 1);
    const model = forward(seen.features, seen.taps, { banks, heads, promptFeature, prototypes });
    const values: Record<string, Tensor | null> = {
      text_features_normal: texts,
      prototypes,
      image_features: outputs.features,
      ...Object.fromEntries(blocks.map((block, i) => [`block_${block}`, outputs.taps[i]])),
      "out.query_token": seen.features,
      "out.prompt_token": given.features,
      "out.layer_maps": model.layers,
      "out.residual_map": model.map,
      "out.image_residual": model.imageResidual,
      "out.s_i": model.imageScore,
      "out.s_a": model.textScore,
      "out.holistic_map": model.fused,
      "out.hl": model.phi,
      "out.s_p": model.residual,
      "out.score": model.score,
    };
    return values;
  });
  const checks: ParityCheck[] = [];
  try {
    for (const name of golden.tensors.keys()) {
      if (INPUTS.has(name)) continue;
      const made = kept[name];
      const tolerance = name === "out.s_a" ? LOGIT_TOLERANCE : TOLERANCE;
      if (made) checks.push(compare(name, await made.data(), await golden.readFloat32(name), tolerance));
      else
        checks.push({ name, maxAbs: null, tolerance, ok: false, reason: "not a value this model computes" });
    }
  } finally {
    for (const made of Object.values(kept)) made?.dispose();
  }
  return checks;
}
