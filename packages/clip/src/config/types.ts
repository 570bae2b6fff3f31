import type { Filter } from "../preprocess/filters.js";

/** How an image becomes pixels of a network. Absent fields mean what they always meant, so that earlier files and caches hold. */
export interface PreprocessConfig {
  /** Side of the square that the network sees; with fit `whole` the shorter side. */
  readonly size: number;
  /** What normalises values in [0, 1]: (value - mean) / std. */
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
  readonly interpolation: Filter;
  /** Side to which fits `crop` and `squash` resize before they take the middle `size`. Default: `size`. */
  readonly resize?: number;
  /** Makes an image RGB before it is resized: transparency dropped, palettes looked up. Default false: after. */
  readonly rgbFirst?: boolean;
  /** Keeps values between whole ones as an image, made RGB first, is resized, as PyTorch resizes tensors. Default false: 8 bits, as Pillow. */
  readonly unrounded?: boolean;
  /** Fit `whole` cuts right and bottom to a multiple of this many pixels, such as a ViT's patch. Default 1. */
  readonly multiple?: number;
  /** Fit `tile` cuts squares of so many pixels of the image itself, which are then resized. Default: its shorter side. */
  readonly tile?: number;
  /** Pixels of the image that such tiles have in common with the next one, at least. Default 0. */
  readonly overlap?: number;
}

/** GELU by the error function, or CLIP's original x * sigmoid(1.702 x). */
export type Activation = "gelu" | "quick_gelu";

/** Sizes of a transformer. */
export interface TowerConfig {
  readonly width: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlpWidth: number;
  readonly lnEps: number;
}

/**
 * How positions are interpolated to another grid, always bicubic. "antialias": a = -0.5, widened when shrinking, cut at the edges
 * (OpenCLIP, timm, DINOv2 with registers). "plain": a = -0.75, never widened, edges repeated (DINOv2 in Hugging Face). "offset": the
 * same with places scaled by 1 / (n + 0.1) in place of 1 / n (DINOv2 without registers, as its own code runs it).
 */
export type PositionRule = "antialias" | "plain" | "offset";

/**
 * A vision transformer. Its grid is `gridSize(vision)` patches a side, tokens are the class tokens first, then registers, then rows
 * of patches.
 */
export interface VisionConfig extends TowerConfig {
  readonly imageSize: number;
  readonly patch: number;
  /** LayerNorm before the first block (CLIP yes, timm ViT no). */
  readonly lnPre: boolean;
  /** Bias in the patch embedding (CLIP no, timm ViT yes). */
  readonly patchBias: boolean;
  /** Projection of the CLS feature into the joint space (CLIP yes, timm ViT no). */
  readonly proj: boolean;
  /** A second class token after CLS, which was trained to follow a teacher (distilled DeiT). Default false. */
  readonly distilled?: boolean;
  /** Tokens without positions between class tokens and patches (DINOv2). Default 0. */
  readonly registers?: number;
  /** A learned gain for each channel of what attention and MLP add (DINOv2, DeiT III). Default false. */
  readonly layerScale?: boolean;
  /** The MLP multiplies SiLU of one half of its 2 x `mlpWidth` hidden values with the other half (DINOv2 giant). Default false. */
  readonly swiglu?: boolean;
  /** Where it is named, images of any size are taken. Default: "antialias", at loading alone. */
  readonly positions?: PositionRule;
}

/** A causal text transformer. */
export interface TextConfig extends TowerConfig {
  readonly contextLength: number;
  readonly vocabSize: number;
  /** Multiplies cosines before a softmax over texts. Default 100, where CLIP's own training ends. */
  readonly logitScale?: number;
}

/** The architecture of a network and how its images are prepared. */
export interface ModelConfig {
  readonly name?: string;
  /** "clip" has a joint image-text space; "vit" is a plain image classifier's backbone. */
  readonly kind: "clip" | "vit";
  /** Size of the image feature: the joint space, or the vision width when there is no projection. */
  readonly embedDim: number;
  readonly activation: Activation;
  readonly vision: VisionConfig;
  readonly text?: TextConfig;
  readonly preprocess: PreprocessConfig;
  /** Vision blocks, counted from 1 and ascending, whose patch features describe an image. */
  readonly outBlocks: readonly number[];
  /**
   * Number of symmetries of the square, 1 or 8, in which methods that compare images with prompts take the prompts by default.
   * Passed on from the file (`prompt_turns`) and not used here.
   */
  readonly promptSymmetries?: 1 | 8;
}

export const CLIP_MEAN = [0.48145466, 0.4578275, 0.40821073] as const;
export const CLIP_STD = [0.26862954, 0.26130258, 0.27577711] as const;
export const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
export const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/** Patches along one side. Pixels that fill no whole patch are left out, as by a strided convolution. */
export function gridSize(vision: Pick<VisionConfig, "imageSize" | "patch">): number {
  return Math.floor(vision.imageSize / vision.patch);
}

/** Class tokens, which come first. */
export const classTokens = ({ distilled }: Pick<VisionConfig, "distilled">): number => (distilled ? 2 : 1);

/** Tokens before those of the patches: class tokens and registers. */
export const prefixTokens = (vision: Pick<VisionConfig, "distilled" | "registers">): number =>
  classTokens(vision) + (vision.registers ?? 0);

/**
 * The blocks tapped by default: 7, 9 and 11 of 12, and the same fractions of any other depth
 * (4 layers: 2, 3, 4; 24 layers: 14, 18, 22).
 */
export function defaultOutBlocks(layers: number): number[] {
  const scaled = [7, 9, 11].map((block) => Math.max(1, Math.round((block * layers) / 12)));
  return [...new Set(scaled)];
}
