import { createHash } from "node:crypto";
import { join } from "node:path";
import { normalizePixels, prepareImage } from "@inctrl/clip";
import { drawPrompts, promptCandidates } from "@inctrl/datasets";
import {
  COMMON_FILES,
  DetectError,
  DivergedError,
  Encoder,
  fitImages,
  type HoldOutEpoch,
  heldOut,
  type ImageItem,
  imageAuroc,
  judgeHoldOut,
  pixelHash,
  RunFiles,
  runEpochs,
  type StepLine,
  type Trained,
  TrainingError,
  TrainingState,
  type TrainJob,
  throughOneWindow,
  writeSealed,
} from "@inctrl/detect";
import { type Device, nn, optim, type StoredTensor, scope, type Tensor, tensor } from "@inctrl/tensor";
import { ResNetBackbone } from "../resnet/backbone.js";
import { registrationNow, registrationPixels } from "./backbone.js";
import { type BatchOptions, batchesOf, checkBatches, type RegistrationBatch, stepsOf } from "./batches.js";
import { regadDetector, TAPS } from "./detector.js";
import type { Registration } from "./shape.js";
import { RegistrationModel, registrationStep } from "./step.js";

/** Files of a run, in its folder. */
export const REGISTRATION_FILES = {
  ...COMMON_FILES,
  network: "regad.safetensors",
  /** The network of the epoch that did best on the categories held out. */
  best: "best.safetensors",
} as const;

/** How a network is trained. */
export interface RegistrationTraining extends BatchOptions, Registration {
  readonly lr: number;
  readonly epochs: number;
}

/** A category that is judged: its test images by K normal ones. */
interface Judged {
  readonly name: string;
  readonly prompts: readonly ImageItem[];
  readonly queries: readonly (ImageItem & { readonly label: 0 | 1 })[];
}

/** Normal training images by category. */
interface Data {
  readonly names: readonly string[];
  readonly images: readonly (readonly ImageItem[])[];
  readonly held: readonly Judged[];
  readonly hash: string;
}

async function gather(
  { categories, holdOut = [], window }: TrainJob,
  { shots, seed }: BatchOptions,
): Promise<Data> {
  const seen = await Promise.all(
    categories.map(async (each) => (await throughOneWindow(each, window)).category),
  );
  const outside = heldOut(seen, holdOut);
  const kept = seen.filter((each) => !outside.has(each));
  if (kept.length === 0)
    throw new TrainingError("training", "there is no category to train on; hold out fewer");
  const images = kept.map(({ train }) => train.filter(({ label }) => label === 0));
  const held = [...outside].map((each): Judged => {
    const prompts = drawPrompts(promptCandidates(each), shots, seed);
    return { name: each.name, prompts, queries: each.test.filter((image) => !prompts.includes(image)) };
  });
  const parts = [...images, ...held.flatMap(({ prompts, queries }) => [prompts, queries])];
  return { names: kept.map(({ name }) => name), images, held, hash: await hashOf(parts) };
}

/** sha256 over what images show and the parts they play. */
async function hashOf(parts: readonly (readonly ImageItem[])[]): Promise<string> {
  const hash = createHash("sha256");
  for (const part of parts) {
    for (const image of part) {
      const content = (await image.sha256?.()) ?? pixelHash(await image.load());
      hash.update(JSON.stringify([image.id, content, image.reading?.window]));
    }
    hash.update("\n");
  }
  return hash.digest("hex");
}

/** The values that training begins with: the backbone's, and transformers at the identity. */
async function begin(
  backbone: TrainJob["backbone"],
  training: RegistrationTraining,
): Promise<RegistrationModel> {
  const source = backbone instanceof ResNetBackbone ? backbone.source : null;
  const { blocks, bottleneck } =
    backbone instanceof ResNetBackbone ? backbone.resnet.config : { blocks: [], bottleneck: null };
  if (!source || bottleneck !== null || blocks.length < 3)
    throw new DetectError(
      "backbone",
      `RegAD begins with a ResNet of blocks of two convolutions, and ${backbone.name} is none; name a ResNet-18 as the backbone`,
    );
  const model = new RegistrationModel({ ...training, blocks: blocks.slice(0, 3) }, { seed: training.seed });
  const { read, close } = await source();
  try {
    const trunk = [...model.STN.namedParameters()].filter(([name]) => !name.startsWith("stn"));
    await nn.fill(backbone.device, new Map(trunk), read);
  } finally {
    await close();
  }
  return model.to(backbone.device).train();
}

/**
 * Trains RegAD's network on normal images: each with K others of its category. The same seed, data, options and device give the same
 * bytes, also when a run was stopped and resumed. The network of the last epoch is kept, and beside it the one that did best on
 * categories held out; the released program chooses by the AUROC on its test set.
 *
 * @throws DetectError `backbone` unless it is a ResNet of blocks of two convolutions; TrainingError as `runEpochs` and `checkBatches`.
 */
export async function trainRegistration(
  job: TrainJob,
  training: RegistrationTraining,
): Promise<Trained & { losses: readonly StepLine[]; epochs: readonly HoldOutEpoch[] }> {
  const { backbone, folder, resume, signal, onStep, onEpoch, onNote } = job;
  const data = await gather(job, training);
  const counts = data.images.map(({ length }) => length);
  checkBatches(data.names, counts, training);
  const steps = stepsOf(counts, training.batch);
  const { lr, epochs, mode, side } = training;
  const model = await begin(backbone, training);
  const rate = optim.byEpoch(steps, (epoch) => optim.cosine(lr, epochs)(epoch + 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: rate, momentum: 0.9 });
  const state = new TrainingState({ model }, { optimizer });
  const pathOf = (name: "network" | "best") => join(folder, REGISTRATION_FILES[name]);
  const identity = {
    ...{ fingerprint: backbone.fingerprint, data_sha256: data.hash },
    options: JSON.stringify(training),
  };
  try {
    const files = await RunFiles.open<StepLine, HoldOutEpoch>(folder, state, {
      ...{ identity, curves: [{ key: "loss", name: "loss", colour: "#222222" }], resume, onNote },
    });
    const finished = await runEpochs<StepLine, HoldOutEpoch>(
      {
        ...{ state, files },
        async step() {
          const number = state.steps;
          const batch = batchesOf(counts, training, Math.floor(number / steps))[number % steps];
          return { loss: await takeStep(model, optimizer, data, batch), lr: rate(number) };
        },
        validate: (epoch) =>
          judgeHoldOut(data.held, { step: state.steps, epoch }, (each) =>
            judge(backbone.device, model, each),
          ),
        mark: ({ mean_auroc }) => mean_auroc,
        save: async (which, epoch) =>
          writeSealed(pathOf(which === "last" ? "network" : "best"), await valuesOf(model), {
            ...{ format: "regad", mode, side: String(side), backbone: backbone.name, ...identity },
            ...{ trained_on: JSON.stringify(data.names), epoch: String(epoch) },
          }),
      },
      {
        ...{ epochs, steps, signal },
        onStep: ({ step, loss }, total) => onStep?.(step, total, loss),
        onEpoch: ({ epoch, mean_auroc }) => onEpoch?.(epoch, mean_auroc),
      },
    );
    const best = files.validations.some(({ mean_auroc }) => mean_auroc !== null) ? pathOf("best") : null;
    return { file: pathOf("network"), best, finished, losses: files.steps, epochs: files.validations };
  } finally {
    state.dispose();
  }
}

/** AUROC of the network as it is now on a category held out; null where it has images of one kind only. */
async function judge(
  device: Device,
  { STN }: RegistrationModel,
  { prompts, queries }: Judged,
): Promise<number | null> {
  using backbone = await registrationNow(device, STN);
  using fitted = await fitImages(regadDetector(new Encoder(backbone, { taps: TAPS, raw: true })), prompts);
  return await imageAuroc(fitted, queries);
}

async function takeStep(
  model: RegistrationModel,
  optimizer: optim.SGD,
  { images }: Data,
  { category, queries, supports }: RegistrationBatch,
): Promise<number> {
  const own = images[category];
  const used = [...queries, ...supports.flat()].map((i) => own[i]);
  const { device } = model.parameters()[0].value;
  const { side } = model.STN;
  using query = await pixelsOf(used.slice(0, queries.length), side, (values, n) =>
    tensor(device, values, [n, 3, side, side]),
  );
  using support = await pixelsOf(used.slice(queries.length), side, (values, n) =>
    tensor(device, values, [queries.length, n / queries.length, 3, side, side]),
  );
  const { value, gradients, rest } = registrationStep(model, query, support);
  const loss = await value.item();
  for (const each of [value, ...Object.values(rest).flat()]) each.dispose();
  if (!Number.isFinite(loss)) {
    for (const gradient of gradients) gradient.dispose();
    throw new DivergedError(
      optimizer.steps + 1,
      loss,
      used.map(({ id }) => id),
    );
  }
  scope(() => optimizer.step(gradients));
  return loss;
}

/** Images as the network sees them. */
async function pixelsOf(
  images: readonly ImageItem[],
  side: number,
  make: (values: Float32Array, count: number) => Tensor,
): Promise<Tensor> {
  const preprocess = registrationPixels(side);
  const each = 3 * side * side;
  const values = new Float32Array(images.length * each);
  for (const [i, image] of images.entries()) {
    const [view] = prepareImage(await image.load(), preprocess);
    normalizePixels(view.pixels, preprocess, values, i * each);
  }
  return make(values, images.length);
}

async function valuesOf(model: RegistrationModel): Promise<Record<string, StoredTensor>> {
  const kept = [...model.stateDict()].filter(([name]) => !name.endsWith("num_batches_tracked"));
  const read = kept.map(async ([name, value]) => {
    const data = (await value.data()) as Float32Array;
    return [name, { dtype: "F32", shape: value.shape, data }] as const;
  });
  return Object.fromEntries(await Promise.all(read));
}
