import type { Raster } from "@inctrl/datasets";
import { DetectError } from "../errors.js";

// What bundles for browsers take in place of `few-shot.ts`, as package.json says: PyTorch's files are not read there.

/** No name is that of an image in a few-shot file. */
export const parseFewShot = (_name: string): { path: string; index: number } | null => null;

/** @throws DetectError `few-shot`. */
export async function readFewShot(path: string, _index: number): Promise<Raster> {
  throw new DetectError("few-shot", `${path}: lists of prompts (.pt) are not read in a browser; give images`);
}
