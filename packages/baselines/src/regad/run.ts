import { createHash } from "node:crypto";
import { join } from "node:path";
import { normalizePixels, prepareImage } from "@inctrl/clip";
import {
  COMMON_FILES,
  DetectError,
  DivergedError,
  type ImageItem,
  RunFiles,
  runEpochs,
  type StepLine,
  TrainingError,
  TrainingState,
  type TrainJob,
  writeSealed,
} from "@inctrl/detect";
import { nn, optim, type StoredTensor, scope, type Tensor, tensor } from "@inctrl/tensor";
import { ResNetBackbone } from "../resnet/backbone.js";
import { registrationPixels } from "./backbone.js";
import { type BatchOptions, batchesOf, type RegistrationBatch, stepsOf } from "./batches.js";
import type { Registration } from "./shape.js";
import { RegistrationModel, registrationStep } from "./step.js";

export const REGISTRATION_FILES = { ...COMMON_FILES, network: "regad.safetensors" } as const;

/** How a network is trained. */
export interface RegistrationTraining extends BatchOptions, Registration {
  readonly lr: number;
  readonly epochs: number;
}

/** Normal training images by category. */
interface Data {
  readonly names: readonly string[];
  readonly images: readonly (readonly ImageItem[])[];
  readonly hash: string;
}

async function gather({ categories, holdOut = [] }: TrainJob): Promise<Data> {
  const kept = categories.filter(
    ({ name, className }) => !holdOut.some((each) => each === name || each === className),
  );
  if (kept.length === 0)
    throw new TrainingError("training", "there is no category to train on; hold out fewer");
  const images = kept.map(({ train }): ImageItem[] => train.filter(({ label }) => label === 0));
  const hash = createHash("sha256");
  for (const [i, { name }] of kept.entries())
    for (const image of images[i])
      hash.update(JSON.stringify([name, image.id, (await image.sha256?.()) ?? null]));
  return { names: kept.map(({ name }) => name), images, hash: hash.digest("hex") };
}

/** The values that training begins with: the backbone's, and transformers at the identity. */
async function begin(
  backbone: TrainJob["backbone"],
  training: RegistrationTraining,
): Promise<RegistrationModel> {
  const source = backbone instanceof ResNetBackbone ? backbone.source : null;
  const { blocks, bottleneck } =
    backbone instanceof ResNetBackbone ? backbone.resnet.config : { blocks: [], bottleneck: null };
  if (!source || bottleneck !== null || blocks.slice(0, 3).join() !== "2,2,2")
    throw new DetectError(
      "backbone",
      `RegAD begins with a ResNet-18, and ${backbone.name} is none; name one as the backbone`,
    );
  const model = new RegistrationModel(training, { seed: training.seed });
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
 * bytes, also when a run was stopped and resumed. The network of the last epoch is kept: no category is judged.
 *
 * @throws DetectError `backbone` unless it is a ResNet-18; TrainingError as `runEpochs` and `batchesOf`.
 */
export async function trainRegistration(
  job: TrainJob,
  training: RegistrationTraining,
): Promise<{ file: string; finished: boolean; losses: readonly StepLine[] }> {
  const { backbone, folder, resume, signal, onStep, onNote } = job;
  const data = await gather(job);
  const counts = data.images.map(({ length }) => length);
  const steps = stepsOf(counts, training.batch);
  const { lr, epochs, mode, side } = training;
  const model = await begin(backbone, training);
  const rate = optim.byEpoch(steps, (epoch) => optim.cosine(lr, epochs)(epoch + 1));
  const optimizer = new optim.SGD(model.parameters(), { lr: rate, momentum: 0.9 });
  const state = new TrainingState({ model }, { optimizer });
  const file = join(folder, REGISTRATION_FILES.network);
  const identity = {
    ...{ fingerprint: backbone.fingerprint, data_sha256: data.hash },
    options: JSON.stringify(training),
  };
  try {
    const files = await RunFiles.open<StepLine, never>(folder, state, {
      ...{ identity, curves: [{ key: "loss", name: "loss", colour: "#222222" }], resume, onNote },
    });
    const finished = await runEpochs<StepLine, never>(
      {
        ...{ state, files },
        async step() {
          const number = state.steps;
          const batch = batchesOf(counts, training, Math.floor(number / steps))[number % steps];
          return { loss: await takeStep(model, optimizer, data, batch), lr: rate(number) };
        },
        validate: async () => null,
        mark: () => null,
        save: async (_, epoch) =>
          writeSealed(file, await valuesOf(model), {
            ...{ format: "regad", mode, side: String(side), backbone: backbone.name, ...identity },
            ...{ trained_on: JSON.stringify(data.names), epoch: String(epoch) },
          }),
      },
      { epochs, steps, signal, onStep: ({ step, loss }, total) => onStep?.(step, total, loss) },
    );
    return { file, finished, losses: files.steps };
  } finally {
    state.dispose();
  }
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
