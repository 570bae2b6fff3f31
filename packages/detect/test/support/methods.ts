import type { Detector, Encoder } from "../../src/index.js";
import { meanFeature } from "./mean-feature.js";
import { nearestPatch } from "./nearest-patch.js";

/** Methods that `detector.test.ts` holds against the interface. Another one is a file and a line here. */
export const METHODS: Readonly<Record<string, (encoder: Encoder) => Detector>> = {
  "nearest-patch": nearestPatch,
  "mean-feature": meanFeature,
};
