import type { Detector, Encoder } from "../../src/index.js";
import { type Method, readOptions } from "../../src/index.js";
import { meanFeatureMethod } from "./mean-feature.js";
import { nearestPatchMethod } from "./nearest-patch.js";

/** Methods that `detector.test.ts` holds against the interface. Another one is a file and a line here. */
export const METHODS: readonly Method[] = [nearestPatchMethod, meanFeatureMethod];

/** A method's detector with its defaults. */
export const detectorOf = (method: Method, encoder: Encoder): Detector =>
  method.create(encoder, readOptions(method));
