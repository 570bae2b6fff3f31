import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfig } from "@inctrl/clip";
import type { Category, Sample } from "@inctrl/datasets";
import { drawProduct, type ProceduralClass, proceduralClasses } from "@inctrl/synth";
import type { Device } from "@inctrl/tensor";
import { type Backbone, FeatureCache, FeatureStore, gatherData, randomBackbone } from "../../src/index.js";
import { RUN_FILES } from "../../src/training/run.js";
import { TRAIN_DEFAULTS } from "../../src/training/trainer.js";

/** 32 pixels, 4 x 4 patches, two tapped blocks. */
const CONFIG = parseConfig({ img_size: 32, patch_size: 8, embed_dim: 32, depth: 2, num_heads: 2 });

export const tinyBackbone = (device: Device, seed = 1): Promise<Backbone> =>
  randomBackbone(device, CONFIG, seed);

/** A sample drawn on demand; `loads` counts how often any was. */
export const loads = { count: 0 };

export function product(name: ProceduralClass, index: number, bad: boolean, seed = 0): Sample {
  const defect = bad ? proceduralClasses[name][index % proceduralClasses[name].length] : null;
  return {
    id: `${name}/${bad ? "bad" : "good"}/${index}`,
    label: bad ? 1 : 0,
    kind: defect ?? "good",
    load: async () => {
      loads.count++;
      return drawProduct({ class: name, seed, index, defect, size: 32 }).image;
    },
  };
}

export function category(name: ProceduralClass, { train = 6, good = 2, bad = 5 } = {}): Category {
  const draw = (from: number, count: number, anomalous: boolean) =>
    Array.from({ length: count }, (_, i) => product(name, from + i, anomalous));
  return {
    name,
    className: name,
    train: draw(0, train, false),
    test: [...draw(train, good, false), ...draw(train + good, bad, true)],
  };
}

export const tinyCategories = (): Category[] =>
  (["fabric", "leather", "metal", "wood"] as const).map((name) => category(name));

/** Features of four classes, one of which is held out, in a cache of their own. */
export async function tinyData(backbone: Backbone, folder: string) {
  const store = new FeatureStore(backbone, await FeatureCache.open(folder));
  const data = await gatherData(store, tinyCategories(), { shots: 2, seed: 0, holdOut: ["wood"] });
  return { store, data };
}

/** A short run. */
export const OPTIONS = { ...TRAIN_DEFAULTS, shots: 2, batch: 8, epochs: 3, steps: 4 };

/** A file of a run. */
export const bytes = (folder: string, name: keyof typeof RUN_FILES) =>
  readFileSync(join(folder, RUN_FILES[name]));
const lines = (folder: string) =>
  bytes(folder, "metrics")
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
/** What two equal runs have in common: all but how fast they were. */
export const measured = (folder: string) => lines(folder).map(({ rate: _, ...record }) => record);
