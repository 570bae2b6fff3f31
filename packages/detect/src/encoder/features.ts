import type { Box, Raster } from "@inctrl/datasets";
import { scope, stack, sum, type Tensor } from "@inctrl/tensor";
import type { TapLayout } from "../backbone/backbone.js";
import type { PixelFacts } from "../drift/facts.js";
import type { ImageSize } from "../images/region.js";
import type { ImageItem } from "../images/source.js";

/** What a backbone gives of some views, on the device. */
export interface Features {
  /** Class features, [views, embedDim], as the tower gives them. */
  readonly features: Tensor;
  /** Patches of each tap, [views, rows * columns, width]. */
  readonly taps: readonly Tensor[];
  /** The grid and width of each tap. */
  readonly layouts: readonly TapLayout[];
}

/** Which part of which image a view shows. */
export interface EncodedView {
  /** Number of the image in its source. */
  readonly image: number;
  /** The symmetry it is shown in, 0 as it is. */
  readonly symmetry: number;
  /** Number of the view in its image: 0, or that of the tile. */
  readonly tile: number;
  /** The part of the image, in its pixels. */
  readonly box: Box;
  /** The image's own size. */
  readonly of: ImageSize;
}

/** An image whose last view is in a batch, or that could not be read. */
export interface EncodedImage extends Pick<Raster, "clipped"> {
  readonly image: number;
  readonly item: ImageItem;
  readonly error?: Error;
  /** Facts of its pixels; absent where nobody asked for them, and where its features came from a cache. */
  readonly pixels?: Promise<PixelFacts>;
}

/** Views that were encoded together. An image of many tiles may lie in several batches. */
export interface EncodedBatch extends Features, Disposable {
  /** In the order of the source; none where no image could be read. */
  readonly views: readonly EncodedView[];
  /** Images that end here, in the order of the source. */
  readonly ended: readonly EncodedImage[];
  /** Whether all features of each view are finite. To be called before `dispose`; the features are read once. */
  finite(): Promise<readonly boolean[]>;
  /** Frees the tensors. */
  dispose(): void;
}

export const encodedBatch = (
  { features, taps, layouts }: Features,
  views: readonly EncodedView[],
  ended: readonly EncodedImage[],
): EncodedBatch => {
  let finite: Promise<readonly boolean[]> | undefined;
  const dispose = () => {
    for (const held of [features, ...taps]) held.dispose();
  };
  return {
    ...{ features, taps, layouts, views, ended },
    finite() {
      finite ??= finiteViews([features, ...taps], views.length);
      return finite;
    },
    ...{ dispose, [Symbol.dispose]: dispose },
  };
};

/** Whether each view's values are finite, by their sum: a NaN or an infinity never leaves it. */
async function finiteViews(values: readonly Tensor[], views: number): Promise<boolean[]> {
  if (views === 0) return [];
  const sums = scope(() => stack(values.map((each) => sum(each.view([views, each.size / views]), 1))));
  const read = sums.data();
  sums.dispose();
  const found = await read;
  return Array.from({ length: views }, (_, view) =>
    values.every((_, i) => Number.isFinite(found[i * views + view])),
  );
}
