import { createHash } from "node:crypto";
import type { Fit } from "@inctrl/clip";
import type { Backbone } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";
import type { Layout } from "../files/tensor-cache.js";

/** How features are made, which decides what they are and how large. */
export interface FeatureRecipe {
  /** Everything that features depend on but the image itself. */
  readonly id: string;
  readonly blocks: readonly number[];
  /** Shape of an image's patch tokens. */
  readonly patches: readonly [blocks: number, patches: number, width: number];
  readonly embedDim: number;
}

/** Raised when features are computed or stored in another way. Files of other versions are not found any more. */
const VERSION = 1;

/** Throws DetectError `blocks` unless the backbone has these blocks and they ascend. */
export function checkBlocks({ name, config }: Backbone, blocks: readonly number[]): void {
  const { layers } = config.vision;
  const sound = blocks.every((block, i) => Number.isInteger(block) && block > (blocks[i - 1] ?? 0));
  if (blocks.length > 0 && sound && blocks[blocks.length - 1] <= layers) return;
  throw new DetectError(
    "blocks",
    `blocks ${blocks.join(",")}: ${name} has ${layers}; give some of 1 to ${layers} in ascending order`,
  );
}

export function featureRecipe(backbone: Backbone, fit: Fit, blocks: readonly number[]): FeatureRecipe {
  const { vision, preprocess, embedDim } = backbone.config;
  const id = JSON.stringify({ version: VERSION, backbone: backbone.fingerprint, fit, blocks, preprocess });
  return { id, blocks, patches: [blocks.length, backbone.patches, vision.width], embedDim };
}

/** Bytes of the features of one image, in memory and, but for a header, on disk. */
export function featureBytes({ patches: [blocks, patches, width], embedDim }: FeatureRecipe): number {
  return 2 * blocks * patches * width + 4 * embedDim;
}

/** The name under which features of an image are kept. @param content what tells the image from others, such as its hash. */
export const featureKey = ({ id }: FeatureRecipe, content: string): string =>
  createHash("sha256").update(`${id}\n${content}`).digest("hex");

/** What is kept of an image: patch tokens of the tapped blocks, each of length 1, and the class feature. */
export const featureLayout = ({ patches, embedDim }: FeatureRecipe) =>
  ({
    patches: { dtype: "F16", shape: patches },
    feature: { dtype: "F32", shape: [embedDim] },
  }) as const satisfies Layout;
