import {
  add,
  concat,
  expand,
  layerNorm,
  matmul,
  PackedMatrix,
  permute,
  reshape,
  scope,
  slice,
  type Tensor,
  TensorError,
} from "@inctrl/tensor";
import { gridSize, type ModelConfig } from "../config/types.js";
import { runBlock } from "./block.js";
import type { Parameters } from "./parameters.js";

/** What one pass of the vision tower gives. */
export interface VisionOutput {
  /** The class feature: CLS after ln_post and, where there is one, the projection; not normalised. [batch, embedDim]. */
  features: Tensor;
  /** For each tapped block, its raw output, [batch, 1 + patches, width] with CLS first, in the order asked for. */
  taps: Tensor[];
}

/**
 * An image transformer (CLIP's or timm's) on its parameters.
 *
 * @example
 * const { features, taps } = vision.forward(pixels, { taps: [7, 9, 11] });
 */
export class VisionTransformer {
  readonly config: ModelConfig;
  readonly parameters: Parameters;

  constructor(config: ModelConfig, parameters: Parameters) {
    this.config = config;
    this.parameters = parameters;
  }

  /**
   * @param pixels normalised, [batch, 3, size, size].
   * @param taps blocks counted from 1; by default none.
   * @throws TensorError `shape` or `argument` when pixels or taps do not fit.
   */
  forward(pixels: Tensor, { taps = [] }: { taps?: readonly number[] } = {}): VisionOutput {
    const { vision, activation } = this.config;
    this.#check(pixels, taps);
    const block = { heads: vision.heads, lnEps: vision.lnEps, activation, causal: false };
    return scope(() => {
      const tapped = new Map<number, Tensor>();
      let x = this.#embed(pixels);
      for (let i = 1; i <= vision.layers; i++) {
        // Nothing after the last block reads its patches unless it is tapped.
        const queries = i === vision.layers && !taps.includes(i) ? 1 : undefined;
        const next = runBlock(x, this.parameters, `visual.transformer.resblocks.${i - 1}`, block, queries);
        if (!taps.includes(i - 1)) x.dispose();
        x = next;
        if (taps.includes(i)) tapped.set(i, x);
      }
      const cls = reshape(slice(x, [null, [0, 1]]), [x.shape[0], vision.width]);
      const features = this.#norm(cls, "ln_post");
      return {
        features: vision.proj ? matmul(features, this.parameters.matrix("visual.proj")) : features,
        taps: taps.map((i) => tapped.get(i) as Tensor),
      };
    });
  }

  /** Patches through the embedding, CLS before them, positions added, and ln_pre where there is one. */
  #embed(pixels: Tensor): Tensor {
    const { vision } = this.config;
    const { patch, width } = vision;
    const [batch] = pixels.shape;
    const grid = gridSize(vision);
    const { parameters } = this;
    return scope(() => {
      const used = slice(pixels, [null, null, [0, grid * patch], [0, grid * patch]]);
      const tiles = permute(reshape(used, [batch, 3, grid, patch, grid, patch]), [0, 2, 4, 1, 3, 5]);
      const patches = matmul(reshape(tiles, [batch, grid * grid, 3 * patch * patch]), this.#patchWeight(), {
        transposeB: true,
        bias: vision.patchBias ? parameters.tensor("visual.conv1.bias") : undefined,
      });
      const cls = expand(parameters.tensor("visual.class_embedding"), [batch, 1, width]);
      const tokens = add(concat([cls, patches], 1), parameters.tensor("visual.positional_embedding"));
      return vision.lnPre ? this.#norm(tokens, "ln_pre") : tokens;
    });
  }

  /** The patch embedding's filters as rows. */
  #patchWeight(): Tensor | PackedMatrix {
    const weight = this.parameters.matrix("visual.conv1.weight");
    return weight instanceof PackedMatrix ? weight : reshape(weight, [this.config.vision.width, -1]);
  }

  #norm(x: Tensor, name: string): Tensor {
    return layerNorm(x, {
      weight: this.parameters.tensor(`visual.${name}.weight`),
      bias: this.parameters.tensor(`visual.${name}.bias`),
      eps: this.config.vision.lnEps,
    });
  }

  #check(pixels: Tensor, taps: readonly number[]): void {
    const { imageSize, layers } = this.config.vision;
    const [, channels, height, width] = pixels.shape;
    if (pixels.rank !== 4 || channels !== 3 || height !== imageSize || width !== imageSize) {
      throw new TensorError(
        "shape",
        `vision: pixels are [${pixels.shape.join(", ")}] and must be [batch, 3, ${imageSize}, ${imageSize}]; ` +
          "bring images to size with prepareImage",
      );
    }
    const bad = taps.find((i) => !Number.isInteger(i) || i < 1 || i > layers);
    if (bad !== undefined) {
      throw new TensorError("argument", `vision: there is no block ${bad}; tap blocks 1 to ${layers}`);
    }
  }
}
