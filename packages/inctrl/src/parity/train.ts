import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Clip, isHeadName, loadClip } from "@inctrl/clip";
import {
  add,
  type Device,
  max,
  nn,
  openSafetensors,
  optim,
  packBank,
  reshape,
  scope,
  type Tensor,
  type TensorFile,
  tensor,
} from "@inctrl/tensor";
import { encodePixels } from "../encode.js";
import { InctrlError } from "../errors.js";
import { runHeads } from "../model.js";
import { prototypesFromIds, textScore } from "../prototypes.js";
import { patchResiduals } from "../residual.js";
import { focalLoss, type LossForm } from "../training/focal.js";
import { TrainableHeads } from "../training/trainable-heads.js";
import type { Fixture } from "./fixture.js";
import { compare, GRADIENT_TOLERANCE, type ParityCheck, TOLERANCE } from "./report.js";

/**
 * Gradients below this share of their tensor's largest are rounding, not signal: a bias before a batch norm has none as long as
 * its unit is active for the whole batch. Adam divides a gradient by its own size, so rounding moves such an entry by up to
 * the whole learning rate, in PyTorch as here, each its own way. Those entries are not compared; and since a moved bias
 * may switch a unit off for a sample later on, only what the first step determines is.
 */
const ROUNDING = 1e-5;
const STEPS = 2;

/** What training starts from; all of it is frozen. */
interface Frozen {
  features: Tensor;
  prompts: Tensor;
  map: Tensor;
  residual: Tensor;
  text: Tensor;
  labels: Tensor;
}

/**
 * Trains on a fixture's batch in each form of the loss that it holds, and compares outputs, losses, gradients, and parameters
 * and statistics after the first step.
 */
export async function trainChecks(device: Device, dir: string, fixture: Fixture): Promise<ParityCheck[]> {
  const checks: ParityCheck[] = [];
  for (const form of ["logits", "probability"] as const) {
    const path = join(dir, `train-${form}.safetensors`);
    if (
      !(await access(path).then(
        () => true,
        () => false,
      ))
    )
      continue;
    const golden = await openSafetensors(path);
    try {
      for (const check of await stepsOf(device, dir, fixture, golden, form)) {
        checks.push({ ...check, name: `train-${form}: ${check.name}` });
      }
    } finally {
      await golden.close();
    }
  }
  return checks;
}

async function stepsOf(
  device: Device,
  dir: string,
  fixture: Fixture,
  golden: TensorFile,
  form: LossForm,
): Promise<ParityCheck[]> {
  const { config, checkpoints } = fixture;
  const source = checkpoints.find(({ weights }) => [...weights.keys.keys()].some(isHeadName));
  if (!source) throw new InctrlError("parity", `${dir}: no checkpoint holds InCTRL's heads`);
  const values = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  for (const name of [...source.weights.keys.keys()].filter(isHeadName)) {
    const data = await source.weights.readFloat32(name);
    values.set(name, { shape: source.weights.shape(name), data });
  }
  const clip = await loadClip(device, config, checkpoints[0].weights);
  const frozen = await freeze(device, dir, clip, fixture, golden);
  clip.dispose();
  const heads = new TrainableHeads(device, config.embedDim, frozen.map.shape[1]).train();
  heads.load(device, values);
  const optimizer = new optim.AdamW(heads.parameters(), { lr: 1e-3, weightDecay: 0.01 });
  try {
    return await runSteps(heads, optimizer, frozen, golden, values, form);
  } finally {
    optimizer.dispose();
    heads.dispose();
    for (const t of Object.values(frozen)) t.dispose();
  }
}

/** Features, residual maps and text scores of the fixture's queries. */
async function freeze(
  device: Device,
  dir: string,
  { vision, text }: Clip,
  { config }: Fixture,
  golden: TensorFile,
): Promise<Frozen> {
  const inputs = await openSafetensors(join(dir, "forward.safetensors"));
  try {
    const [queries, shots] = inputs.tensors.get("prompts")?.shape ?? [];
    const length = inputs.tensors.get("normal_ids")?.shape[1] as number;
    const read = (name: string) => inputs.readFloat32(name);
    const [query, prompts] = [await read("query"), await read("prompts")];
    const ids = [await read("normal_ids"), await read("abnormal_ids")].map((v) => Int32Array.from(v));
    const labels = await golden.readFloat32("labels");
    const side = config.vision.imageSize;
    if (!text) throw new InctrlError("parity", "the fixture's model has no text tower");
    return scope(() => {
      const encode = (pixels: Float32Array, count: number) =>
        encodePixels(vision, tensor(device, pixels, [count, 3, side, side]), config.outBlocks);
      const seen = encode(query, queries);
      const given = encode(prompts, queries * shots);
      const banks = given.taps.map((tap) => packBank(reshape(tap, [queries, -1, tap.shape[2]])));
      const { map } = patchResiduals(seen.taps, banks);
      return {
        features: seen.features,
        prompts: reshape(given.features, [queries, shots, -1]),
        map,
        residual: max(map, 1),
        text: textScore(seen.features, prototypesFromIds(text, ids[0], ids[1], length)),
        labels: tensor(device, labels),
      };
    });
  } finally {
    await inputs.close();
  }
}

async function runSteps(
  heads: TrainableHeads,
  optimizer: optim.AdamW,
  frozen: Frozen,
  golden: TensorFile,
  untrained: ReadonlyMap<string, { data: Float32Array }>,
  form: LossForm,
): Promise<ParityCheck[]> {
  const checks: ParityCheck[] = [];
  const names = [...heads.namedParameters()].filter(([, p]) => p.trainable).map(([name]) => name);
  const { features, prompts, map, residual, text, labels } = frozen;
  const output: Record<string, Tensor> = {
    "out.residual_map": map,
    "out.s_p": residual,
    "out.s_a": text,
    "out.query_token": features,
  };
  for (let step = 0; step < STEPS; step++) {
    const { value, gradients, rest } = nn.gradientsOf(heads.parameters(), () => {
      const promptFeature = heads.promptFeature(prompts);
      const model = runHeads(heads, { features, map, residual, textScore: text, promptFeature }, 1);
      const losses = [
        focalLoss(model.score, labels, { form }),
        focalLoss(model.imageScore, labels, { form }),
      ];
      return [sumOf(losses), { ...model, losses }] as const;
    });
    const { losses, ...model } = rest;
    const pair = [await losses[0].item(), await losses[1].item()];
    checks.push(compare(`loss.${step}`, pair, await golden.readFloat32(`loss.${step}`), TOLERANCE));
    if (step === 0) {
      const made = {
        ...output,
        "out.image_residual": model.imageResidual,
        "out.s_i": model.imageScore,
        "out.holistic_map": model.fused,
        "out.hl": model.phi,
        "out.score": model.score,
      };
      for (const [name, t] of Object.entries(made)) {
        checks.push(compare(name, await t.data(), await golden.readFloat32(name), TOLERANCE));
      }
      for (const [i, name] of names.entries()) checks.push(await gradientCheck(name, gradients[i], golden));
    }
    for (const t of [value, ...losses, ...Object.values(model)]) t.dispose();
    optimizer.step(gradients);
    if (step === 0) checks.push(...(await stateChecks(heads, golden, untrained)));
  }
  return checks;
}

const sumOf = (parts: readonly Tensor[]): Tensor => parts.reduce((a, b) => add(a, b));

async function gradientCheck(name: string, gradient: Tensor, golden: TensorFile): Promise<ParityCheck> {
  const want = await golden.readFloat32(`grad.${name}`);
  const largest = want.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  return compare(`grad.${name}`, await gradient.data(), want, GRADIENT_TOLERANCE * largest);
}

/** Parameters and statistics after the first step; what training never touches must be as it was. */
async function stateChecks(
  heads: TrainableHeads,
  golden: TensorFile,
  untrained: ReadonlyMap<string, { data: Float32Array }>,
): Promise<ParityCheck[]> {
  const prefix = "step1.";
  const own = heads.namedParameters();
  const checks: ParityCheck[] = [];
  for (const key of golden.tensors.keys()) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const got = Float32Array.from((await own.get(name)?.value.data()) ?? untrained.get(name)?.data ?? []);
    const want = await golden.readFloat32(key);
    const gradient = golden.tensors.has(`grad.${name}`) ? await golden.readFloat32(`grad.${name}`) : null;
    const largest = gradient?.reduce((most, v) => Math.max(most, Math.abs(v)), 0) ?? 0;
    const determined = [...want.keys()].filter(
      (i) => !gradient || Math.abs(gradient[i]) > ROUNDING * largest,
    );
    const pick = (values: Float32Array) => determined.map((i) => values[i]);
    const left = want.length - determined.length;
    const label = left === 0 ? key : `${key} (but ${left} of ${want.length} with no gradient)`;
    if (got.length !== want.length) checks.push(compare(label, got, want, TOLERANCE));
    else checks.push(compare(label, pick(got), pick(want), TOLERANCE));
  }
  return checks;
}
