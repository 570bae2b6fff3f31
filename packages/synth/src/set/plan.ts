import { refuse } from "../check.js";
import type { DefectKind } from "../defects.js";

/** The number of samples of a class. */
export interface PlanSizes {
  /** Good samples in `train/good`. Default 8. */
  readonly train?: number;
  /** Good samples in `test/good`. Default 10. */
  readonly testGood?: number;
  /** Samples with a defect in `test/<kind>`, the class's kinds in turn. Default 10. */
  readonly testBad?: number;
}

/** A sample of a procedural set before it is drawn. */
export interface PlannedSample {
  readonly part: "train" | "test";
  /** Path in the class's folder, without extension: `test/crack/003`. */
  readonly path: string;
  readonly index: number;
  readonly defect: DefectKind | null;
}

/** Plans the samples of a class. Indices are distinct, so that no test image is a training image with a defect added. */
export function planProducts(kinds: readonly DefectKind[], sizes: PlanSizes = {}): PlannedSample[] {
  const { train = 8, testGood = 10, testBad = 10 } = sizes;
  for (const count of [train, testGood, testBad]) {
    if (!Number.isInteger(count) || count < 0) throw refuse(`${count} samples: give whole numbers from 0`);
  }
  const plan: PlannedSample[] = [];
  const add = (part: "train" | "test", number: number, defect: DefectKind | null) => {
    const path = `${part}/${defect ?? "good"}/${String(number).padStart(3, "0")}`;
    plan.push({ part, path, index: plan.length, defect });
  };
  for (let i = 0; i < train; i++) add("train", i, null);
  for (let i = 0; i < testGood; i++) add("test", i, null);
  for (let i = 0; i < testBad; i++) {
    add("test", Math.floor(i / kinds.length), kinds[i % kinds.length] ?? null);
  }
  return plan;
}
