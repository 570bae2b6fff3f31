import { checkKeys, clipParameters, loadClip, type Weights } from "@inctrl/clip";
import { type ParityCheck, type ParityReport, parity } from "@inctrl/detect";
import { type Device, reshape, scope, type Tensor, tensor } from "@inctrl/tensor";
import { Heads } from "../heads.js";
import { contrastiveChecks } from "./contrastive.js";
import { type Fixture, INPUTS, openFixture } from "./fixture.js";
import { encodeInputs, forward } from "./forward.js";
import { trainChecks } from "./train.js";

const { compareFile, LOGIT_TOLERANCE, maxDifference, report, TOLERANCE } = parity;

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
  await using fixture = await openFixture(dir);
  const checks = [
    ...(await forwardChecks(device, fixture)),
    ...(await trainChecks(device, fixture)),
    ...(await contrastiveChecks(device, fixture)),
  ];
  const [reference] = fixture.checkpoints;
  for (const { name, weights } of fixture.checkpoints) {
    checks.push(await checkpointCheck(name, weights, reference.weights, fixture));
  }
  return report(checks);
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

/** Every value of the forward pass that the fixture holds. */
async function forwardChecks(device: Device, fixture: Fixture): Promise<ParityCheck[]> {
  const { config, checkpoints, heads: source, forward: golden, inputs } = fixture;
  using clip = await loadClip(device, config, checkpoints[0].weights);
  using heads = await Heads.from(source, device);
  const { outBlocks: blocks } = config;
  const { query, normal_ids, queries, shots, length, side } = inputs;
  const kept = scope((): Record<string, Tensor | null> => {
    const { seen, given, banks, prototypes } = encodeInputs(device, clip, inputs);
    const pixels = tensor(device, query, [queries, 3, side, side]);
    const outputs = clip.vision.forward(pixels, { taps: blocks });
    const promptFeature = heads.module.promptFeature(reshape(given, [queries, shots, -1]));
    const context = { banks, heads: heads.module, promptFeature, prototypes };
    const model = forward(seen.features, seen.taps, context);
    return {
      text_features_normal: clip.text!.forward(normal_ids, length),
      prototypes,
      image_features: outputs.features,
      ...Object.fromEntries(blocks.map((block, i) => [`block_${block}`, outputs.taps[i]])),
      "out.query_token": seen.features,
      "out.prompt_token": given,
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
  });
  const wanted = [...golden.tensors.keys()].filter((name) => !INPUTS.includes(name));
  const tolerances = wanted.map((name) => [
    name,
    { absolute: name === "out.s_a" ? LOGIT_TOLERANCE : TOLERANCE },
  ]);
  return compareFile(golden, kept, Object.fromEntries(tolerances));
}
