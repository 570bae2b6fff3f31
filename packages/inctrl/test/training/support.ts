import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Category } from "@inctrl/datasets";
import { type Backbone, FeatureStore, gatherData, TensorCache, type TrainingData } from "@inctrl/detect";
import type { ProceduralClass } from "@inctrl/synth";
import type { Device } from "@inctrl/tensor";
import { product } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import { PairResiduals } from "../../src/training/pairs.js";
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

/** Features of four classes, one of which is held out, in a cache. */
export async function tinyData(backbone: Backbone, folder: string) {
  const store = new FeatureStore(backbone, await TensorCache.open(folder));
  const data = await gatherData(store, tinyCategories(), { shots: 2, seed: 0, holdOut: ["wood"] });
  return { store, data };
}

/** As `deviceTests`, with pair residuals and data to train on; the tests of a file share the cache. */
export function trainingTests(name: string) {
  const tests = deviceTests(name);
  const add = (title: string, run: (context: TrainingContext) => unknown): void =>
    tests(title, async ({ device, folder }) => {
      using backbone = await smallBackbone(device);
      const { store, data } = await tinyData(backbone, join(folder, "cache"));
      using pairs = new PairResiduals(store);
      await run({ device, folder, store, data, pairs });
    });
  return Object.assign(add, { run: () => tests.run() });
}

export interface TrainingContext {
  readonly device: Device;
  readonly folder: string;
  readonly store: FeatureStore;
  readonly data: TrainingData;
  readonly pairs: PairResiduals;
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
/** What two equal runs have in common: all but how fast they were, and the checksums over that. */
export const measured = (folder: string) => lines(folder).map(({ rate: _, sum: __, ...record }) => record);
