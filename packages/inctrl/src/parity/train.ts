import { loadClip } from "@inctrl/clip";
import { matchPatches, type ParityCheck, parity, textScore } from "@inctrl/detect";
import {
  add,
  type Device,
  max,
  nn,
  openSafetensors,
  optim,
  reshape,
  scope,
  type Tensor,
  type TensorFile,
  tensor,
} from "@inctrl/tensor";
import { fuse } from "../fusion.js";
import { type HeadsModule, type HeadValues, makeHeads } from "../head-modules.js";
import { headValuesIn } from "../heads.js";
import { residualMap } from "../residual.js";
import { focalLoss, type LossForm } from "../training/focal.js";
import type { Fixture } from "./fixture.js";
import { encodeInputs } from "./forward.js";
import { chanceOf, type IdleBiases, zeroIdle } from "./rounding.js";

const { compare, compareGradient, TOLERANCE } = parity;

const STEPS = 5;
const LR = 1e-3;

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
 * Trains on a fixture's batch in each form of the loss that it holds, and compares outputs, gradients, the losses of
 * five steps, and every parameter and statistic after one and five. The few entries that
 * rounding moves are held to how far it can move them: see `rounding.ts`.
 */
export async function trainChecks(device: Device, fixture: Fixture): Promise<ParityCheck[]> {
  const checks: ParityCheck[] = [];
  for (const form of ["logits", "probability"] as const) {
    const path = fixture.golden(`train-${form}`);
    for (const check of path ? await formChecks(device, fixture, form, path) : []) {
      checks.push({ ...check, name: `train-${form}: ${check.name}` });
    }
  }
  return checks;
}

async function formChecks(device: Device, fixture: Fixture, form: LossForm, path: string) {
  await using golden = await openSafetensors(path);
  const values = await headValuesIn(fixture.heads);
  const frozen = await freeze(device, fixture, await golden.readFloat32("labels"));
  const sizes = { embedDim: fixture.config.embedDim, patches: frozen.map.shape[1] };
  using heads = makeHeads("paper", sizes).load(device, values).to(device).train();
  using optimizer = new optim.AdamW(heads.parameters(), { lr: LR, weightDecay: 0.01 });
  return await runSteps(heads, optimizer, frozen, golden, values, form).finally(() => {
    for (const t of Object.values(frozen)) t.dispose();
  });
}

async function freeze(
  device: Device,
  { config, checkpoints, inputs }: Fixture,
  labels: Float32Array,
): Promise<Frozen> {
  using clip = await loadClip(device, config, checkpoints[0].weights);
  return scope(() => {
    const { seen, given, banks, prototypes } = encodeInputs(device, clip, inputs);
    const map = residualMap(matchPatches(seen.taps, banks).similarity);
    return {
      features: seen.features,
      prompts: reshape(given, [inputs.queries, inputs.shots, -1]),
      map,
      residual: max(map, 1),
      text: textScore(seen.features, prototypes),
      labels: tensor(device, labels),
    };
  });
}

async function runSteps(
  heads: HeadsModule,
  optimizer: optim.AdamW,
  frozen: Frozen,
  golden: TensorFile,
  untrained: HeadValues,
  form: LossForm,
): Promise<ParityCheck[]> {
  const checks: ParityCheck[] = [];
  const idle: IdleBiases = new Map();
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
      const model = fuse(heads, { features, map, residual, textScore: text, promptFeature }, 1);
      const losses = [
        focalLoss(model.score, labels, form),
        focalLoss(model.imageScore as Tensor, labels, form),
      ];
      return [add(losses[0], losses[1]), { ...model, losses }] as const;
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
        checks.push(compare(name, await (t as Tensor).data(), await golden.readFloat32(name), TOLERANCE));
      }
      for (const [i, name] of names.entries()) {
        const want = await golden.readFloat32(`grad.${name}`);
        checks.push(compareGradient(`grad.${name}`, await gradients[i].data(), want));
      }
    }
    for (const t of [value, ...losses, ...Object.values(model)]) t?.dispose();
    optimizer.step(await zeroIdle(names, gradients, idle));
    checks.push(...(await stateChecks(step + 1, heads, golden, untrained, idle)));
  }
  return checks;
}

/** Parameters and statistics after so many steps, where the fixture has them; what training never touches must be as it was. */
async function stateChecks(
  steps: number,
  heads: HeadsModule,
  golden: TensorFile,
  untrained: HeadValues,
  idle: IdleBiases,
): Promise<ParityCheck[]> {
  const prefix = `step${steps}.`;
  const own = heads.namedParameters();
  const checks: ParityCheck[] = [];
  for (const key of golden.tensors.keys()) {
    if (!key.startsWith(prefix)) continue;
    const name = key.slice(prefix.length);
    const got = Float32Array.from((await own.get(name)?.value.data()) ?? untrained.get(name)?.data ?? []);
    const want = await golden.readFloat32(key);
    const gradient = golden.tensors.has(`grad.${name}`) ? await golden.readFloat32(`grad.${name}`) : null;
    const reach = chanceOf(name, want.length, { steps, lr: LR, idle, gradient });
    const count = reach.filter((far) => far > 0).length;
    if (count === 0 || got.length !== want.length) {
      checks.push(compare(key, got, want, TOLERANCE));
      continue;
    }
    const pick = (values: Float32Array, moved: boolean) => values.filter((_, i) => reach[i] > 0 === moved);
    const [some, far] = [`${count} of ${want.length} moved by rounding`, Math.max(...reach)];
    checks.push(
      compare(`${key} (but ${some})`, pick(got, false), pick(want, false), TOLERANCE),
      compare(`${key} (${some})`, pick(got, true), pick(want, true), far + TOLERANCE),
    );
  }
  return checks;
}
