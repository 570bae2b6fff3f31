import { concat, f32ToF16, normalize, scope, type Tensor } from "@inctrl/tensor";
import type { Features } from "./features.js";

/** Features of one image, as the cache keeps them. */
export interface ImageFeatures {
  /** Patch tokens, tap by tap, each [patches, width]: rows of length 1 as float16 bits, or raw in float32. */
  readonly patches: Uint16Array | Float32Array;
  /** The class feature, [embedDim]. */
  readonly feature: Float32Array;
}

/** Patches and class features of a batch as the cache keeps them, view by view. */
export async function readFeatures({ features, taps }: Features, raw: boolean): Promise<ImageFeatures[]> {
  const [views] = features.shape;
  if (views === 0) return [];
  const flat = (tap: Tensor) => (raw ? tap : normalize(tap)).view([views, tap.size / views]);
  using joined = scope(() => concat(taps.map(flat), 1));
  const read = async (t: Tensor) => await t.data();
  const [patches, classes] = await Promise.all([read(joined), read(features)]);
  const rows = (values: Float32Array, i: number) => {
    const size = values.length / views;
    return values.subarray(i * size, (i + 1) * size);
  };
  return Array.from({ length: views }, (_, i) => ({
    patches: raw ? rows(patches, i).slice() : f32ToF16(rows(patches, i)),
    feature: rows(classes, i).slice(),
  }));
}
