import {
  add,
  concat,
  div,
  floorDivide,
  gather,
  keep,
  mean,
  mul,
  type NearestRows,
  nearestRows,
  type PackedRows,
  packRows,
  remainder,
  reshape,
  scope,
  slice,
  sqrt,
  type Tensor,
} from "@inctrl/tensor";
import { type Grid, onGrid } from "../maps/grid.js";
import { BLUR, type PixelMapOptions, pixelMaps } from "../maps/pixel-maps.js";

export interface SpadeOptions {
  /** Reference images whose distances are averaged, and whose patches make the gallery. Default 5. */
  readonly neighbours?: number;
  /** Of whole images; patches are always compared by Euclidean distance. Default `euclidean`. */
  readonly metric?: "euclidean" | "squared";
  /** Gallery patches whose distances a patch averages. Default 1. */
  readonly pixelNeighbours?: number;
}

/** Distances of the patches of each layer as one map of pixels, the mean of the layers' (Cohen and Hoshen 2020, section 3.4). */
export const spadeMap = (
  layers: readonly Tensor[],
  grids: readonly Grid[],
  size: { readonly width: number; readonly height: number },
  options: PixelMapOptions = { blur: BLUR },
): Tensor =>
  scope(() => {
    const maps = layers.map((layer, i) => pixelMaps(onGrid(layer, grids[i]), size, options));
    return div(maps.reduce(add), maps.length);
  });

export interface SpadeScores {
  /** Mean distance to the nearest reference images, [views]. */
  readonly score: Tensor;
  /** Mean distance to the nearest patches of their gallery, layer by layer, [views, patches]. */
  readonly layers: readonly Tensor[];
  /** The nearest patch of the first layer, counted over all references, int32 [views, patches]. */
  readonly index: Tensor;
}

/**
 * Reference images as SPADE searches them (Cohen and Hoshen 2020): features of whole images, and all patches of each layer. The gallery
 * of an image is all positions of its k nearest references, compared layer by layer.
 *
 * @example
 * using references = new References(features, layers);
 * const { score, layers: maps } = references.score(query.features, query.layers);
 */
export class References implements Disposable {
  /** [references, width]. */
  readonly features: PackedRows;
  /** Patches of each layer, [references, patches, width]. */
  readonly layers: readonly Tensor[];
  /** The patches of all references, where every image searches them all. */
  #whole: readonly PackedRows[] | null = null;

  /** Shares the tensors it is given. */
  constructor(features: Tensor, layers: readonly Tensor[]) {
    this.features = packRows(features);
    this.layers = layers.map((layer) => layer.view(layer.shape));
  }

  /** @param features [views, width]. @param layers [views, patches, width] each. */
  score(
    features: Tensor,
    layers: readonly Tensor[],
    { neighbours = 5, metric = "euclidean", pixelNeighbours = 1 }: SpadeOptions = {},
  ): SpadeScores {
    const k = Math.min(neighbours, this.features.matrix.n);
    return scope(() => {
      const images = nearestRows(features, this.features, k);
      const found = layers.map((layer, i) => this.#patches(i, layer, images.index, k, pixelNeighbours));
      return {
        score: mean(metric === "squared" ? images.squared : sqrt(images.squared), 1),
        layers: found.map(({ squared }) => mean(sqrt(squared), 2)),
        index: reshape(slice(found[0].index, [null, null, [0, 1]]), layers[0].shape.slice(0, 2)),
      };
    });
  }

  /** The nearest patches of layer `i` in the galleries of `images`, [views, k]: distances and places, [views, patches, count] each. */
  #patches(i: number, layer: Tensor, images: Tensor, k: number, count: number): NearestRows {
    const [references, patches, width] = this.layers[i].shape;
    if (k === references) {
      this.#whole ??= this.layers.map((each) =>
        keep(scope(() => packRows(reshape(each, [-1, each.shape[2]])))),
      );
      return nearestRows(layer, this.#whole[i], Math.min(count, references * patches));
    }
    const views = Array.from({ length: layer.shape[0] }, (_, view) =>
      scope(() => {
        const chosen = reshape(slice(images, [[view, view + 1]]), [k]);
        const gallery = reshape(gather(this.layers[i], chosen), [k * patches, width]);
        const found = nearestRows(slice(layer, [[view, view + 1]]), gallery, Math.min(count, k * patches));
        const image = gather(chosen, floorDivide(found.index, patches));
        return { squared: found.squared, index: add(mul(image, patches), remainder(found.index, patches)) };
      }),
    );
    const joined = (name: "squared" | "index") => concat(views.map((found) => found[name]));
    return { squared: joined("squared"), index: joined("index") as NearestRows["index"] };
  }

  tensors(): Tensor[] {
    return [
      ...this.features.tensors(),
      ...this.layers,
      ...(this.#whole ?? []).flatMap((each) => each.tensors()),
    ];
  }

  dispose(): void {
    for (const each of this.tensors()) each.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
