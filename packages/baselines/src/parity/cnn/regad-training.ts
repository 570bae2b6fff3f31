import { join } from "node:path";
import { type Check, finite, mapOf, type ParityCheck, parity, text } from "@inctrl/detect";
import {
  div,
  mul,
  nn,
  openSafetensors,
  optim,
  permute,
  scope,
  sum,
  type Tensor,
  type TensorFile,
  tensor,
  valueAndGrad,
} from "@inctrl/tensor";
import { FeatureEncoder, FeaturePredictor, Transformer, warp } from "../../regad/network.js";
import { RegistrationModel, registrationStep, siameseLoss } from "../../regad/step.js";
import { MODES, type Mode } from "../../regad/theta.js";
import { BasicBlock, Bottleneck } from "../../resnet/model.js";
import { type Golden, openGolden, samples, shapeIn, type Tolerance, taken } from "../golden.js";
import { SUMMARY, type Summary, summaryChecks } from "../resnet.js";
import type { Folder } from "./folder.js";
import { hashedRegistration, modeOf } from "./regad.js";

const { compare, largestOf } = parity;

/** Losses (absolute), outputs and states; gradients (golden/baselines-cnn/README.md). */
const [TRAINING, GRADIENT] = [5e-4, 1e-3];

const last = (x: Tensor): Tensor => permute(x, [0, 2, 3, 1]);
const first = (x: Tensor): Tensor => permute(x, [0, 3, 1, 2]);

/** A part of the training: modules by the prefix of their weights' names, and a loss of its inputs. */
interface Part {
  readonly modules: Readonly<Record<string, readonly [prefix: string, module: nn.Module]>>;
  readonly inputs: readonly string[];
  loss(inputs: Readonly<Record<string, Tensor>>): Tensor;
}

function partsOf(mode: Mode, golden: Golden): Record<string, Part> {
  const [, channels, side] = golden.shape("stn.x");
  const stn = new Transformer(mode, channels, side);
  /** What the shapes of a block's input, output and first convolution make of it. */
  const sizesOf = (name: string) => {
    const [x, w] = [golden.shape(`${name}.x`), golden.shape(`${name}.w`)];
    const weight = `${name}.grad.block.conv1.weight`;
    const middle = golden.has(weight) ? golden.shape(weight)[0] : x[1];
    return { inputs: x[1], middle, outputs: w[1], stride: Math.round(x[2] / w[2]) };
  };
  const [basic, bottleneck] = [new BasicBlock(sizesOf("basic")), new Bottleneck(sizesOf("bottleneck"))];
  const [ENC, PRED] = [new FeatureEncoder(), new FeaturePredictor()];
  const weighed = (y: Tensor, w: Tensor) => sum(mul(first(y), w));
  return {
    stn: {
      modules: { stn: ["A.", stn] },
      inputs: ["x"],
      loss: ({ x, w }) => weighed(warp(last(x), stn.matrices(last(x))), w),
    },
    basic: {
      modules: { block: ["B.", basic] },
      inputs: ["x"],
      loss: ({ x, w }) => weighed(basic.forward(last(x)), w),
    },
    bottleneck: {
      modules: { block: ["C.", bottleneck] },
      inputs: ["x"],
      loss: ({ x, w }) => weighed(bottleneck.forward(last(x)), w),
    },
    siamese: {
      modules: { enc: ["ENC.", ENC], pred: ["PRED.", PRED] },
      inputs: ["fq", "fs"],
      loss: ({ fq, fs }) => siameseLoss({ ENC, PRED }, last(fq), last(fs))[0],
    },
  };
}

const INPUTS = /\.(x|w|fq|fs)$/;

const tolerancesOf = (file: TensorFile): Record<string, Tolerance> =>
  Object.fromEntries(
    [...file.tensors.keys()]
      .filter((name) => !INPUTS.test(name))
      .map((name) => [
        name,
        name.endsWith(".loss")
          ? { absolute: TRAINING }
          : { relative: name.includes(".grad.") ? GRADIENT : TRAINING },
      ]),
  );

/** Every value of `regad-parts.safetensors`: gradients of parts of the training, and the statistics that it leaves. */
export async function regadPartsChecks({ device, path, config }: Folder): Promise<ParityCheck[]> {
  const golden = await openGolden(path, "regad-parts", tolerancesOf);
  const inputs: Record<string, Tensor> = {};
  const made: Record<string, ArrayLike<number>> = {};
  try {
    for (const name of golden.names("").filter((each) => INPUTS.test(each)))
      inputs[name] = await golden.tensor(device, name);
    for (const [name, part] of Object.entries(partsOf(modeOf(golden.metadata.mode), golden))) {
      const own = (key: string) => inputs[`${name}.${key}`];
      Object.assign(made, await partValues(name, part, own, config.salt, golden));
    }
    return await golden.compare(made);
  } finally {
    for (const each of Object.values(inputs)) each.dispose();
    await golden.close();
  }
}

async function partValues(
  name: string,
  { modules, inputs, loss }: Part,
  input: (key: string) => Tensor,
  salt: string,
  golden: Golden,
): Promise<Record<string, ArrayLike<number>>> {
  const { device } = input(inputs[0]);
  const parameters = new Map<string, nn.Parameter>();
  const made: Record<string, ArrayLike<number>> = {};
  try {
    for (const [net, [prefix, module]] of Object.entries(modules)) {
      const read = hashedRegistration(modeOf(golden.metadata.mode), salt + prefix);
      await nn.fill(device, module.train().namedParameters(), read);
      for (const [key, parameter] of module.namedParameters()) parameters.set(`${net}.${key}`, parameter);
    }
    const trained = [...parameters].filter(([key, { trainable }]) => trainable && !key.startsWith("enc.bn3"));
    const values = [...inputs.map(input), ...trained.map(([, parameter]) => parameter.value)];
    const keys = [...inputs.map((key) => `d${key}`), ...trained.map(([key]) => key)];
    const { value, gradients } = scope(() =>
      valueAndGrad<readonly Tensor[]>((given) => {
        const all = { ...Object.fromEntries(inputs.map((key, i) => [key, given[i]])) };
        return loss(inputs.includes("x") ? { ...all, w: input("w") } : all);
      })(values),
    );
    made[`${name}.loss`] = await taken(value);
    for (const [i, gradient] of gradients.entries()) {
      const key = `${name}.grad.${keys[i]}`;
      const all = await taken(gradient);
      made[key] = all;
      if (!golden.has(`${key}.samples`)) continue;
      made[`${key}.samples`] = samples(all, golden.shape(`${key}.samples`)[0]);
      made[`${key}.max`] = [largestOf(all)];
    }
    for (const [key, parameter] of parameters)
      made[`${name}.after.${key}`] = (await parameter.value.data()) as Float32Array;
  } finally {
    for (const parameter of parameters.values()) parameter.dispose();
  }
  return made;
}

interface Step {
  readonly mode: Mode;
  readonly salt: string;
  readonly loss: number;
  /** In words: "SGD lr 0.02 momentum 0.9, one step". */
  readonly optimiser: string;
  readonly outputs: Readonly<Record<string, Summary>>;
  readonly gradient: Readonly<Record<string, Summary>>;
  readonly after: Readonly<Record<string, Summary>>;
}

export const STEP: Check = {
  ...{ mode: (value) => MODES.some((mode) => mode === value), salt: text, loss: finite },
  optimiser: (value) => ["lr", "momentum"].every((word) => Number.isFinite(settingIn(value, word))),
  ...{ outputs: mapOf(SUMMARY), gradient: mapOf(SUMMARY), after: mapOf(SUMMARY) },
};

/** How far a ReLU that flips may move a gradient before it, as a share of the largest value (the folder's README). */
const FLIP = 0.13;

/** A number that an optimiser is told with. */
const settingIn = (told: unknown, word: string): number =>
  Number(new RegExp(`\\b${word} ([\\d.e-]+)`).exec(String(told))?.[1]);

/** Every value of `regad-train.json`: one step of the whole network. */
export async function regadStepChecks({ device, path }: Folder): Promise<ParityCheck[]> {
  const want: Step = await parity.readFacts(join(path, "regad-train.json"), STEP);
  const images = await openSafetensors(join(path, "images.safetensors"));
  const pixels = async (name: string) => {
    const values = await images.readFloat32(name);
    return scope(() => div(tensor(device, values, shapeIn(images, name)), 255));
  };
  using queries = await pixels("regad_train_query");
  using supports = await pixels("regad_train_support");
  await images.close();
  using model = new RegistrationModel({ mode: want.mode, side: queries.shape[3] });
  const read = hashedRegistration(want.mode, want.salt);
  await nn.fill(device, model.train().namedParameters(), (name, parameter) =>
    read(name.replace(/^STN\./, ""), parameter),
  );
  const { value, gradients, rest } = registrationStep(model, queries, supports);
  const checks = [compare("regad step: loss", await taken(value), [want.loss], TRAINING)];
  const { features, encoded, foretold } = rest;
  const outputs = {
    fq: features[0],
    fs: features[1],
    z1: encoded[0],
    z2: encoded[1],
    p1: foretold[0],
    p2: foretold[1],
  };
  for (const [name, output] of Object.entries(outputs)) {
    const values = await taken(scope(() => first(output)));
    output.dispose();
    if (want.outputs[name])
      checks.push(...summaryChecks(`regad step: ${name}`, values, want.outputs[name], TRAINING));
  }
  const names = [...model.namedParameters()];
  const nameOf = new Map(names.map(([name, parameter]) => [parameter, name]));
  /** Parameters before a ReLU that has flipped. */
  const flipped = new Set<string>();
  for (const [i, parameter] of model.parameters().entries()) {
    const name = nameOf.get(parameter)!;
    if (!want.gradient[name]) continue;
    const values = await gradients[i].data();
    const close = gradientCheck(name, values, want.gradient[name]);
    if (!close.ok) flipped.add(name);
    checks.push(close.ok ? close : normCheck(name, values, want.gradient[name]));
  }
  const [lr, momentum] = ["lr", "momentum"].map((word) => settingIn(want.optimiser, word));
  using optimizer = new optim.SGD(model.parameters(), { lr, momentum });
  optimizer.step(gradients);
  const state = model.stateDict();
  for (const [name, { max, samples: own }] of Object.entries(want.after)) {
    const values = ((await state.get(name)?.data()) ?? []) as ArrayLike<number>;
    const moved = flipped.has(name) ? lr * FLIP * want.gradient[name].max : 0;
    const far = TRAINING * max + moved;
    checks.push(compare(`regad step: ${name} after`, samples(values, own.length), own, far));
  }
  return checks;
}

const gradientLabel = (name: string): string => `regad step: gradient of ${name}`;

const gradientCheck = (name: string, values: Float32Array, { samples: own, max }: Summary): ParityCheck =>
  compare(gradientLabel(name), samples(values, own.length), own, GRADIENT * max);

/** What must hold of a gradient before a ReLU that has flipped. */
function normCheck(name: string, values: Float32Array, want: Summary): ParityCheck {
  const norm = Math.sqrt(values.reduce((total, value) => total + value * value, 0));
  return compare(`${gradientLabel(name)}, norm`, [norm], [want.norm], 0.1 * want.norm);
}
