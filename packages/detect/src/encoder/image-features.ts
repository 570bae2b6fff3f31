import { f32ToF16, normalize, scope, stack, type Tensor } from "@inctrl/tensor";
import type { Features } from "./features.js";

/** Features of one image, as the cache keeps them. */
export interface ImageFeatures {
  /** Patch tokens of the tapped blocks, each of length 1, as float16 bits, [blocks, patches, width]. */
  readonly patches: Uint16Array;
  /** The class feature, [embedDim]. */
  readonly feature: Float32Array;
}

/** Normalised patches as float16 and class features of a batch, view by view. */
export async function readFeatures({ features, taps }: Features): Promise<ImageFeatures[]> {
  const [views] = features.shape;
  if (views === 0) return [];
  const joined = scope(() => stack(taps.map(normalize), 1));
  try {
    const read = async (t: Tensor) => await t.data();
    const [patches, classes] = await Promise.all([read(joined), read(features)]);
    const rows = (values: Float32Array, i: number) => {
      const size = values.length / views;
      return values.subarray(i * size, (i + 1) * size);
    };
    return Array.from({ length: views }, (_, i) => ({
      patches: f32ToF16(rows(patches, i)),
      feature: rows(classes, i).slice(),
    }));
  } finally {
    joined.dispose();
  }
}
