import { rm } from "node:fs/promises";
import { findConfig } from "@inctrl/clip";
import { openDataSet } from "@inctrl/datasets";
import {
  type Backbone,
  Encoder,
  FeatureStore,
  type FittedDetector,
  fileImage,
  fileImages,
  fitImages,
  gatherData,
  randomBackbone,
  scoreImages,
  TensorCache,
} from "@inctrl/detect";
import { PairResiduals, residual, TRAIN_DEFAULTS, Trainer } from "@inctrl/inctrl";
import { procedural } from "@inctrl/synth";
import { openTuned } from "../device.js";
import { makeFolder } from "../pictures.js";
import type { Peer, Prepared } from "../task.js";

/** A memory that keeps no pairs. */
const NOTHING = { memory: 0, deviceMemory: 0 };
/** Products to train on: enough for varied batches, few enough to be encoded quickly. */
const TRAINING_SET = "procedural:0?train=4&good=2&bad=6";

/** Tasks on whole images, which no peer has. */
export const pipeline: Peer["tasks"] = {
  score: async ({ model, images, prompts }) => {
    const { backbone, fitted } = await openScorer(model, prompts);
    const once = async () => {
      for await (const _ of imageScores(fitted, images));
    };
    return prepared(once, backbone, fitted);
  },

  trainStep: async ({ model, batch, shots, remembered }) => {
    const backbone = await untrained(model);
    const store = new FeatureStore(backbone, await TensorCache.open(await makeFolder()));
    const { categories } = await openDataSet(TRAINING_SET, [procedural]);
    const data = await gatherData(store, categories, { shots, seed: 0 });
    const pairs = new PairResiduals(store, remembered ? {} : NOTHING);
    const trainer = new Trainer(data, pairs, { ...TRAIN_DEFAULTS, batch, shots });
    if (remembered) await compareAll(pairs, data.items);
    return prepared(() => trainer.step(), backbone, trainer, pairs);
  },

  cacheFill: async ({ model, images }) => {
    const backbone = await untrained(model);
    const samples = images.map((path) => fileImage(path));
    const once = async () => {
      const cache = await TensorCache.open(await makeFolder());
      await new FeatureStore(backbone, cache).add(samples);
      await rm(cache.folder, { recursive: true });
    };
    return prepared(once, backbone);
  },
};

export const prepared = (
  once: () => Promise<unknown>,
  backbone: Backbone,
  ...held: readonly { dispose(): void }[]
): Prepared => ({
  async run(times) {
    for (let i = 0; i < times; i++) await once();
  },
  dispose() {
    for (const each of [...held, backbone]) each.dispose();
    backbone.device.close();
  },
});

const untrained = async (model: string): Promise<Backbone> =>
  randomBackbone(await openTuned(), findConfig(model), 0);

/** Untrained weights, fitted to prompts. */
export async function openScorer(model: string, prompts: readonly string[]) {
  const backbone = await untrained(model);
  const fitted = await fitImages(residual(new Encoder(backbone)), fileImages(prompts));
  return { backbone, fitted };
}

/** Scores image files. @throws the error of the first that cannot be scored. */
export async function* imageScores(
  fitted: FittedDetector,
  paths: readonly string[],
  options?: Parameters<typeof scoreImages>[2],
) {
  for await (const result of scoreImages(fitted, fileImages(paths), options)) {
    if ("error" in result) throw result.error;
    yield result;
  }
}

/** Compares all pairs of images of each category, as training will. */
async function compareAll(
  pairs: PairResiduals,
  items: readonly { image: number; category: number; label: number }[],
): Promise<void> {
  for (const { image, category } of items) {
    const normal = items.filter((other) => other.category === category && other.label === 0);
    await pairs.maps([{ query: image, prompts: normal.map((other) => other.image) }]);
  }
}
