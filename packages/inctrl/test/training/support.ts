import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Category } from "@inctrl/datasets";
import { type Backbone, FeatureCache, FeatureStore } from "@inctrl/detect";
import type { ProceduralClass } from "@inctrl/synth";
import { product } from "@inctrl/testing";
import { gatherData } from "../../src/training/data.js";
import { RUN_FILES } from "../../src/training/run.js";
import { TRAIN_DEFAULTS } from "../../src/training/trainer.js";

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
