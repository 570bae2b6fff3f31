import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findConfig } from "@inctrl/clip";
import { openDataSet } from "@inctrl/datasets";
import {
  type Backbone,
  Encoder,
  FeatureCache,
  FeatureStore,
  fileImage,
  fileImages,
  fitImages,
  randomBackbone,
  scoreImages,
} from "@inctrl/detect";
import { gatherData, PairResiduals, residual, TRAIN_DEFAULTS, Trainer } from "@inctrl/inctrl";
import { procedural } from "@inctrl/synth";
import { openDevice } from "@inctrl/tensor";
import type { Peer, Prepared } from "../task.js";

/** A memory that keeps no pairs. */
const NOTHING = { memory: 0, deviceMemory: 0 };
/** Products to train on: enough for varied batches, few enough to be encoded quickly. */
const TRAINING_SET = "procedural:0?train=4&good=2&bad=6";

/** Tasks on whole images, which no peer has. */
export const pipeline: Peer["tasks"] = {
  score: async ({ model, images, prompts }) => {
    const backbone = await untrained(model);
    const fitted = await fitImages(residual(new Encoder(backbone)), fileImages(prompts));
    return onDevice(backbone, {
      async once() {
        for await (const result of scoreImages(fitted, fileImages(images)))
          if ("error" in result) throw result.error;
      },
      end: () => [fitted],
    });
  },

  trainStep: async ({ model, batch, shots, remembered }) => {
    const backbone = await untrained(model);
    const folder = await mkdtemp(join(tmpdir(), "inctrl-bench-"));
    const store = new FeatureStore(backbone, await FeatureCache.open(folder));
    const { categories } = await openDataSet(TRAINING_SET, [procedural]);
    const data = await gatherData(store, categories, { shots, seed: 0 });
    const pairs = new PairResiduals(store, remembered ? {} : NOTHING);
    const trainer = new Trainer(data, pairs, { ...TRAIN_DEFAULTS, batch, shots });
    if (remembered) await compareAll(pairs, data.items);
    return onDevice(backbone, {
      once: async () => void (await trainer.step()),
      end: () => [trainer, pairs],
      folder,
    });
  },

  cacheFill: async ({ model, images }) => {
    const backbone = await untrained(model);
    const folder = await mkdtemp(join(tmpdir(), "inctrl-bench-"));
    const samples = images.map(fileImage);
    let fills = 0;
    return onDevice(backbone, {
      async once() {
        const cache = await FeatureCache.open(join(folder, String(fills++)));
        await new FeatureStore(backbone, cache).add(samples);
        await rm(cache.folder, { recursive: true });
      },
      end: () => [],
      folder,
    });
  },
};

const untrained = async (model: string): Promise<Backbone> =>
  randomBackbone(await openDevice(), findConfig(model), 0);

interface Work {
  once(): Promise<void>;
  end(): { dispose(): void }[];
  /** Removed at the end. */
  folder?: string;
}

function onDevice(backbone: Backbone, { once, end, folder }: Work): Prepared {
  return {
    async run(times) {
      for (let i = 0; i < times; i++) await once();
    },
    async dispose() {
      for (const each of [...end(), backbone]) each.dispose();
      backbone.device.close();
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
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
