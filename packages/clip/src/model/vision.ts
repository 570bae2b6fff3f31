import {
  add,
  concat,
  expand,
  matmul,
  nn,
  permute,
  reshape,
  scope,
  slice,
  type Tensor,
  TensorError,
} from "@inctrl/tensor";
import { gridSize, type ModelConfig, type VisionConfig } from "../config/types.js";
import { Transformer } from "./block.js";

/** Output of the vision tower. */
export interface VisionOutput {
  /** The class feature: CLS after ln_post and, where there is one, the projection; not normalised. [batch, embedDim]. */
  features: Tensor;
  /** Raw output of each tapped block, [batch, 1 + patches, width] with CLS first, in the order asked for. */
  taps: Tensor[];
}

/** A strided convolution whose stride is its size: one product over the pixels of each patch. */
class PatchEmbedding extends nn.Linear {
  readonly #patch: number;
  readonly #grid: number;

  constructor(config: VisionConfig) {
    const { patch, width, patchBias } = config;
    super(3 * patch * patch, width, { bias: patchBias, weightShape: [width, 3, patch, patch] });
    this.#patch = patch;
    this.#grid = gridSize(config);
  }

  /** [batch, 3, size, size] to [batch, patches, width]; pixels that fill no patch are left out. */
  override forward(pixels: Tensor): Tensor {
    const [patch, grid] = [this.#patch, this.#grid];
    const [batch] = pixels.shape;
    return scope(() => {
      const used = slice(pixels, [null, null, [0, grid * patch], [0, grid * patch]]);
      const tiles = permute(reshape(used, [batch, 3, grid, patch, grid, patch]), [0, 2, 4, 1, 3, 5]);
      return super.forward(reshape(tiles, [batch, grid * grid, 3 * patch * patch]));
    });
  }
}

/**
 * An image transformer, CLIP's or timm's.
 *
 * @example
 * const { features, taps } = vision.forward(pixels, { taps: [7, 9, 11] });
 */
export class VisionTransformer extends nn.Module {
  readonly config: ModelConfig;
  /** [width]. */
  readonly class_embedding: nn.Parameter;
  /** [1 + patches, width]. */
  readonly positional_embedding: nn.Parameter;
  readonly conv1: PatchEmbedding;
  readonly ln_pre: nn.LayerNorm | null;
  readonly transformer: Transformer;
  readonly ln_post: nn.LayerNorm;
  /** [width, embedDim]. */
  readonly proj: nn.Parameter | null;

  constructor(config: ModelConfig) {
    super();
    const { vision, activation, embedDim } = config;
    const { width, lnEps: eps } = vision;
    this.config = config;
    this.class_embedding = new nn.Parameter([width], { role: "embedding" });
    this.positional_embedding = new nn.Parameter([1 + gridSize(vision) ** 2, width], { role: "embedding" });
    this.conv1 = new PatchEmbedding(vision);
    this.ln_pre = vision.lnPre ? new nn.LayerNorm(width, { eps }) : null;
    this.transformer = new Transformer({ ...vision, activation });
    this.ln_post = new nn.LayerNorm(width, { eps });
    this.proj = vision.proj ? new nn.Parameter([width, embedDim], { role: "weight", order: "in-out" }) : null;
  }

  /**
   * @param pixels normalised, [batch, 3, size, size].
   * @param taps blocks counted from 1; by default none.
   * @throws TensorError `shape` or `argument` when pixels or taps do not fit.
   */
  forward(pixels: Tensor, { taps = [] }: { taps?: readonly number[] } = {}): VisionOutput {
    this.#check(pixels, taps);
    return scope(() => {
      // After the last block only the class token is read, unless its patches are tapped.
      const { x, taps: tapped } = this.transformer.forward(this.#embed(pixels), { taps, queries: 1 });
      const cls = reshape(slice(x, [null, [0, 1]]), [x.shape[0], this.config.vision.width]);
      return { features: this.project(cls), taps: tapped };
    });
  }

  /** ln_post and, where there is one, the projection into the joint space: [..., width] to [..., embedDim]. */
  project(tokens: Tensor): Tensor {
    return scope(() => {
      const normed = this.ln_post.forward(tokens);
      return this.proj ? matmul(normed, this.proj.matrix) : normed;
    });
  }

  /** Embedded patches with CLS before them, plus positions, through ln_pre where there is one. */
  #embed(pixels: Tensor): Tensor {
    const { width } = this.config.vision;
    return scope(() => {
      const cls = expand(this.class_embedding.value, [pixels.shape[0], 1, width]);
      const tokens = add(concat([cls, this.conv1.forward(pixels)], 1), this.positional_embedding.value);
      return this.ln_pre ? this.ln_pre.forward(tokens) : tokens;
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
