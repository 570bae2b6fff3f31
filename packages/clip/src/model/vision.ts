import {
  add,
  concat,
  expand,
  matmul,
  mean,
  nn,
  permute,
  reshape,
  scope,
  slice,
  split,
  type Tensor,
  TensorError,
  tensor,
} from "@inctrl/tensor";
import { type Grid, positionMatrix } from "../checkpoint/positional.js";
import { classTokens, gridSize, type ModelConfig, prefixTokens, type VisionConfig } from "../config/types.js";
import { Transformer } from "./block.js";
import { imagesAtOnce, runSequences, windowPatches } from "./windows.js";

/** Output of the vision tower. */
export interface VisionOutput {
  /**
   * The class feature: CLS after ln_post and, where there is one, the projection; the mean of both class tokens where there are two.
   * Not normalised. [batch, embedDim].
   */
  features: Tensor;
  /** Raw output of each tapped block, [batch, prefixTokens(vision) + patches, width] with CLS first, in the order asked for. */
  taps: Tensor[];
}

export interface VisionOptions {
  /** Blocks, counted from 1. Default none. */
  readonly taps?: readonly number[];
  /** Sides of square windows, in patches: each window is run as an image of its patches alone, at their places. Default none. */
  readonly windows?: readonly number[];
}

/** A strided convolution whose stride is its size: one product over the pixels of each patch. */
class PatchEmbedding extends nn.Linear {
  readonly #patch: number;

  constructor({ patch, width, patchBias }: VisionConfig) {
    super(3 * patch * patch, width, { bias: patchBias, weightShape: [width, 3, patch, patch] });
    this.#patch = patch;
  }

  /** Patches of [batch, 3, height, width]; pixels that fill no patch are left out. */
  grid({ shape: [, , height, width] }: Tensor): Grid {
    return { rows: Math.floor(height / this.#patch), columns: Math.floor(width / this.#patch) };
  }

  /** [batch, 3, height, width] to [batch, patches, width]. */
  override forward(pixels: Tensor): Tensor {
    const patch = this.#patch;
    const { rows, columns } = this.grid(pixels);
    const [batch] = pixels.shape;
    return scope(() => {
      const used = slice(pixels, [null, null, [0, rows * patch], [0, columns * patch]]);
      const tiles = permute(reshape(used, [batch, 3, rows, patch, columns, patch]), [0, 2, 4, 1, 3, 5]);
      return super.forward(reshape(tiles, [batch, rows * columns, 3 * patch * patch]));
    });
  }
}

/**
 * An image transformer: CLIP's, timm's, DeiT's or DINOv2's.
 *
 * @example
 * const { features, taps } = vision.forward(pixels, { taps: [7, 9, 11] });
 */
export class VisionTransformer extends nn.Module {
  readonly config: ModelConfig;
  /** [width]. */
  readonly class_embedding: nn.Parameter;
  /** [width]. */
  readonly distillation_embedding: nn.Parameter | null;
  /** [registers, width]. */
  readonly register_tokens: nn.Parameter | null;
  /** [class tokens + patches, width]. */
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
    const { width, distilled, registers, lnEps: eps } = vision;
    const embedding = (...shape: number[]) => new nn.Parameter(shape, { role: "embedding" });
    this.config = config;
    this.class_embedding = embedding(width);
    this.distillation_embedding = distilled ? embedding(width) : null;
    this.register_tokens = registers ? embedding(registers, width) : null;
    this.positional_embedding = embedding(classTokens(vision) + gridSize(vision) ** 2, width);
    this.conv1 = new PatchEmbedding(vision);
    this.ln_pre = vision.lnPre ? new nn.LayerNorm(width, { eps }) : null;
    this.transformer = new Transformer({ ...vision, activation });
    this.ln_post = new nn.LayerNorm(width, { eps });
    this.proj = vision.proj ? new nn.Parameter([width, embedDim], { role: "weight", order: "in-out" }) : null;
  }

  /**
   * @param pixels normalised, [batch, 3, size, size]; any height and width where `vision.positions` names a rule.
   * @returns also the class features of the windows of each side asked for, [batch, windows, embedDim], row by row.
   * @throws TensorError `shape` or `argument` when pixels, taps or windows do not fit.
   */
  forward(
    pixels: Tensor,
    { taps = [], windows = [] }: VisionOptions = {},
  ): VisionOutput & { windows: Tensor[] } {
    this.#check(pixels, taps);
    return scope(() => {
      const tokens = this.embed(pixels);
      // After the last block only the class tokens are read, unless its patches are tapped.
      const queries = classTokens(this.config.vision);
      const { x, taps: tapped } = this.transformer.forward(tokens, { taps, queries });
      return {
        features: this.#classFeature(slice(x, [null, [0, queries]])),
        taps: tapped,
        windows: windows.length > 0 ? this.#windows(tokens, this.conv1.grid(pixels), windows) : [],
      };
    });
  }

  /** Class tokens after the last block, [..., class tokens, width], to [..., embedDim]. */
  #classFeature(classes: Tensor): Tensor {
    const [count, width] = classes.shape.slice(-2);
    return count === 1
      ? this.project(reshape(classes, [...classes.shape.slice(0, -2), width]))
      : mean(this.project(classes), -2);
  }

  #windows(tokens: Tensor, grid: Grid, sides: readonly number[]): Tensor[] {
    const { vision } = this.config;
    const prefix = Array.from({ length: prefixTokens(vision) }, (_, i) => i);
    const sizes = sides.map((side) =>
      windowPatches(grid, side).map((patches) => [
        ...prefix,
        ...patches.map((patch) => prefix.length + patch),
      ]),
    );
    const wanted = classTokens(vision);
    const rows = sizes.flat(2).length;
    const each = imagesAtOnce(rows, Math.max(3 * vision.width, vision.mlpWidth * (vision.swiglu ? 2 : 1)));
    const [batch] = tokens.shape;
    const chunks = Array.from({ length: Math.ceil(batch / each) }, (_, i) =>
      Math.min(each, batch - i * each),
    );
    const made = split(tokens, chunks).map((some) =>
      scope(() =>
        runSequences(this.transformer, some, { sizes, wanted }).map((part) => this.#classFeature(part)),
      ),
    );
    return sides.map((_, i) =>
      concat(
        made.map((some) => some[i]),
        0,
      ),
    );
  }

  /** ln_post and, where there is one, the projection into the joint space: [..., width] to [..., embedDim]. */
  project(tokens: Tensor): Tensor {
    return scope(() => {
      const normed = this.ln_post.forward(tokens);
      return this.proj ? matmul(normed, this.proj.matrix) : normed;
    });
  }

  /** The tokens before the first block: those of `place` through ln_pre where there is one, [batch, tokens, width]. */
  embed(pixels: Tensor): Tensor {
    return scope(() => {
      const tokens = this.place(pixels);
      return this.ln_pre ? this.ln_pre.forward(tokens) : tokens;
    });
  }

  /** Class tokens and patches plus their positions, registers between them, [batch, tokens, width]. */
  place(pixels: Tensor): Tensor {
    const { width } = this.config.vision;
    const learned = ({ value }: nn.Parameter) =>
      expand(reshape(value, [1, -1, width]), [pixels.shape[0], value.size / width, width]);
    return scope(() => {
      const { class_embedding: cls, distillation_embedding: second, register_tokens: registers } = this;
      const classes = second ? [learned(cls), learned(second)] : [learned(cls)];
      const placed = add(concat([...classes, this.conv1.forward(pixels)], 1), this.#positions(pixels));
      return registers
        ? concat(
            [
              slice(placed, [null, [0, classes.length]]),
              learned(registers),
              slice(placed, [null, [classes.length, placed.shape[1]]]),
            ],
            1,
          )
        : placed;
    });
  }

  /** The positions of an image's grid, interpolated where it is not the model's own. [class tokens + patches, width]. */
  #positions(pixels: Tensor): Tensor {
    const { vision } = this.config;
    const { value } = this.positional_embedding;
    const { rows, columns } = this.conv1.grid(pixels);
    const side = gridSize(vision);
    if (rows === side && columns === side) return value;
    const [classes, { width, positions = "antialias" }] = [classTokens(vision), vision];
    const along = (to: number) => tensor(value.device, positionMatrix(positions, side, to), [to, side]);
    return scope(() => {
      const table = slice(value, [[classes, value.shape[0]]]);
      const down = matmul(along(rows), reshape(table, [side, side * width]));
      const both = matmul(along(columns), reshape(down, [rows, side, width]));
      return concat([slice(value, [[0, classes]]), reshape(both, [rows * columns, width])], 0);
    });
  }

  #check(pixels: Tensor, taps: readonly number[]): void {
    const { imageSize, layers, patch, positions } = this.config.vision;
    const [, channels, height, width] = pixels.shape;
    const fits = positions ? Math.min(height, width) >= patch : height === imageSize && width === imageSize;
    if (pixels.rank !== 4 || channels !== 3 || !fits) {
      const sizes = positions ? `height, width], ${patch} or more` : `${imageSize}, ${imageSize}]`;
      throw new TensorError(
        "shape",
        `vision: pixels are [${pixels.shape.join(", ")}] and must be [batch, 3, ${sizes}; bring images to size with prepareImage`,
      );
    }
    const bad = taps.find((i) => !Number.isInteger(i) || i < 1 || i > layers);
    if (bad !== undefined) {
      throw new TensorError("argument", `vision: there is no block ${bad}; tap blocks 1 to ${layers}`);
    }
  }
}
