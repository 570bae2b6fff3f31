import type { PreprocessConfig } from "@inctrl/clip";
import type { Device, Tensor } from "@inctrl/tensor";
import { DetectError } from "../errors.js";
import type { PromptForm } from "../text/prototypes.js";
import type { TextTower, TowerOptions } from "../text/text-source.js";

/**
 * An output of a network: a number is a block of a ViT or a layer of a ResNet, counted from 1; others have names, such as "norm", a
 * ViT's last block after the final norm.
 */
export type Tap = number | string;

/** What a tap gives of a view: a grid of patches, row by row from the top, and the values of each. */
export interface TapLayout {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
}

/** Width and height in pixels. */
export interface ViewSize {
  readonly width: number;
  readonly height: number;
}

/**
 * A frozen network that turns pixels into features: a ViT, a ResNet. All methods stand on this interface and none knows what is
 * behind it.
 *
 * @example
 * const backbone: Backbone = await openBackbone(device, "model.safetensors");
 * const { features, taps } = backbone.encode(pixels, backbone.defaultTaps);
 */
export interface Backbone extends Disposable {
  readonly name: string;
  readonly device: Device;
  /** Equal for networks that compute the same, in any file layout. */
  readonly fingerprint: string;
  /** The fingerprint of the same weights on our own engine, where another engine gives the backbone its own. */
  readonly weights?: string;
  /** Values of the network that images pass. */
  readonly parameters: number;
  /** Length of the class feature. */
  readonly embedDim: number;
  /** Symmetries of the square in which nearest-patch methods compare prompts, as the model's configuration wishes. */
  readonly promptSymmetries: number;
  /** How images become its pixels, unless an encoder says otherwise. */
  readonly preprocess: PreprocessConfig;
  readonly defaultTaps: readonly Tap[];
  /** Blocks of a ViT, layers of a ResNet: its taps by number are 1 to `depth`. */
  readonly depth: number;
  /** The grid and width of a tap. @throws DetectError `blocks` for a tap that there is not, `views` for a size that it cannot take. */
  layout(tap: Tap, size: ViewSize): TapLayout;
  /** Views of a size to encode together, as many as suit the device. No feature depends on it. */
  batch(size: ViewSize, taps: readonly Tap[]): number;
  /**
   * Encodes normalised pixels, [views, 3, height, width]; no view influences another.
   *
   * @param wanted without features of whole images these may be 0, where that saves work.
   * @returns class features [views, embedDim], and of each tap [views, rows * columns, width], as they are.
   */
  encode(
    pixels: Tensor,
    taps: readonly Tap[],
    wanted?: { readonly features?: boolean },
  ): { readonly features: Tensor; readonly taps: Tensor[] };
  /**
   * The same by an engine of its own, which computes beside the device: where it is there, encoders call it in place of `encode`.
   *
   * @param pixels normalised planes of the views, one view after the other.
   */
  encodeApart?(
    pixels: Float32Array,
    views: ViewSize & { readonly count: number },
    taps: readonly Tap[],
    wanted?: { readonly features?: boolean },
  ): Promise<{ readonly features: Tensor; readonly taps: Tensor[] }>;
  /** Whether the model knows text, so that a class name can be used. */
  readonly hasText: boolean;
  /** Multiplies cosines of images and texts before a softmax; absent where the configuration names none. */
  readonly logitScale?: number;
  /** The same as `fingerprint` for what text scores depend on: the text tower, its configuration and vocabulary; null without one. */
  textFingerprint(): Promise<string | null>;
  /**
   * The two text prototypes of a class, [2, embedDim]; made once for each name and kept until `dispose`.
   *
   * @param form which texts, and how they are averaged. Default: the paper's.
   * @throws DetectError `text` where the backbone has no text tower, `vocabulary` where none is known, `class-name` for a name
   * without words or, unless someone is told of it, too long for the text tower.
   */
  prototypes(className: string, form?: PromptForm): Promise<Tensor>;
  /** Opens the text tower, and closes it once `use` is done. Absent without one. @throws DetectError as `prototypes`. */
  withText?<T>(use: (tower: TextTower) => Promise<T>, options?: TowerOptions): Promise<T>;
  dispose(): void;
}

/** Throws DetectError `blocks` unless there are taps, each once, and blocks ascend: the last one tells matches. */
export function checkTaps(backbone: Backbone, taps: readonly Tap[], size: ViewSize): void {
  const blocks = taps.filter((tap) => typeof tap === "number");
  const sound = new Set(taps).size === taps.length && blocks.every((tap, i) => !(tap <= blocks[i - 1]));
  for (const tap of taps) backbone.layout(tap, size);
  // The backbone says which there are.
  if (taps.length === 0 || !sound) backbone.layout(taps.join(), size);
}

/**
 * The layout that all taps share.
 *
 * @throws DetectError `blocks` where they differ, for methods that take a mean over taps patch by patch.
 */
export function sharedLayout(layouts: readonly TapLayout[]): TapLayout {
  const [first] = layouts;
  const different = layouts.find(({ rows, columns }) => rows !== first.rows || columns !== first.columns);
  if (!different) return first;
  const grid = ({ rows, columns }: TapLayout) => `${rows} x ${columns}`;
  throw new DetectError(
    "blocks",
    `the taps have grids of ${grid(first)} and ${grid(different)} patches, and this method compares patches of one grid; take taps of one`,
  );
}

/** The error of a class name where a backbone knows no text. */
export const withoutText = (name: string): DetectError =>
  new DetectError(
    "text",
    `${name} has no text tower, so a class name cannot be used; leave it out or take a CLIP model`,
  );

/** Patches of a tap. */
export const patchesOf = ({ rows, columns }: TapLayout): number => rows * columns;
