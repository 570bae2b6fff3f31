import type { Reading } from "@inctrl/datasets";
import { concat, normalize, reshape, scope, slice, type Tensor } from "@inctrl/tensor";
import type { TapLayout } from "../backbone/backbone.js";
import { notFinite } from "../errors.js";
import type { Augmentation } from "../images/augmentation.js";
import type { ImageSize } from "../images/region.js";
import { pinned } from "../images/sample-hash.js";
import type { ImageItem, ImageSource } from "../images/source.js";
import type { EncodeOptions, Encoder } from "./encoder.js";
import type { EncodedBatch, EncodedView } from "./features.js";

/** One normal image that others are compared with, on the device. */
export interface EncodedPrompt {
  /** The item's id. */
  readonly name: string;
  /** sha256 of the file behind it; null where there is none. */
  readonly sha256: string | null;
  /** How its file became pixels, where that was chosen. */
  readonly reading?: Reading;
  /** Views that the image was seen in: one, or several tiles. */
  readonly views: number;
  /** Class features of the views as they are, [views, embedDim]. */
  readonly features: Tensor;
  /** Patches of each tap, [views * variants * patches, width]: of length 1, or as they are where the encoder is `raw`. */
  readonly rows: readonly Tensor[];
  /** Grid and width of each tap. */
  readonly layouts: readonly TapLayout[];
  /** The image's own size, where it is known. */
  readonly of?: ImageSize;
  /** Frees the tensors. */
  dispose(): void;
}

export interface EncodePromptsOptions extends Pick<EncodeOptions, "signal"> {
  /** Symmetries of the square that patches are taken in (`symmetricView`). Default 1, as it is. */
  symmetries?: number;
  /** Variants that patches are taken of, in place of symmetries. */
  augmentation?: Augmentation;
  /** Told of an image that cannot be read, which is then left out. Without it such an image is an error. */
  onSkipped?: (item: ImageItem, error: Error) => void;
}

/** The parts of a prompt that its batches gave so far. */
interface Parts {
  finite: boolean;
  readonly features: Tensor[];
  readonly rows: Tensor[][];
  readonly layouts: readonly TapLayout[];
  readonly of: ImageSize;
}

/**
 * Encodes prompts: normalised patches in all symmetries asked for, and class features.
 *
 * @throws ImageError for the first image that cannot be read, and DetectError `score` for one whose features are not finite, unless
 * `onSkipped` is there to be told.
 * @example
 * const prompts = await encodePrompts(encoder, fileImages(["good/1.png", "good/2.png"]), { symmetries: 8 });
 */
export async function encodePrompts(
  encoder: Encoder,
  images: ImageSource,
  { symmetries = 1, augmentation, onSkipped, signal }: EncodePromptsOptions = {},
): Promise<EncodedPrompt[]> {
  const count = augmentation?.count ?? symmetries;
  const all = Array.from({ length: count }, (_, symmetry) => symmetry);
  const prompts: EncodedPrompt[] = [];
  const begun = new Map<number, Parts>();
  try {
    for await (using batch of encoder.encode(inVariants(images, { symmetries: all, augmentation }), {
      signal,
      places: false,
    })) {
      addParts(begun, batch, await batch.finite(), encoder.raw);
      for (const { image, item, error: unread } of batch.ended) {
        const parts = begun.get(image) as Parts;
        const error = unread ?? (parts.finite ? undefined : notFinite(item.id, "features"));
        if (error && !onSkipped) throw error;
        if (error) onSkipped?.(item, error);
        else {
          prompts.push(await join(item, parts, count));
          begun.delete(image);
        }
      }
    }
    return prompts;
  } catch (error) {
    for (const prompt of prompts) prompt.dispose();
    throw error;
  } finally {
    for (const parts of begun.values()) free(parts);
  }
}

async function* inVariants(images: ImageSource, variants: Pick<ImageItem, "symmetries" | "augmentation">) {
  for await (const item of images) yield { ...(await ofItsHash(item)), ...variants };
}

/** A prompt is decoded from the very bytes that its bank knows it by. One that cannot be hashed fails where it is decoded. */
async function ofItsHash(item: ImageItem): Promise<ImageItem> {
  const sha256 = await item.sha256?.().catch(() => undefined);
  return sha256 === undefined ? item : { ...pinned(item, sha256), sha256: async () => sha256 };
}

const free = ({ features, rows }: Parts): void => {
  for (const each of [...features, ...rows.flat()]) each.dispose();
};

/** Takes each image's views out of a batch. */
function addParts(
  begun: Map<number, Parts>,
  { features, taps, layouts, views }: EncodedBatch,
  finite: readonly boolean[],
  raw: boolean,
): void {
  for (const [image, from, to] of runsOf(views)) {
    const { of } = views[from];
    const parts = begun.get(image) ?? { finite: true, features: [], rows: taps.map(() => []), layouts, of };
    begun.set(image, parts);
    parts.finite &&= finite.slice(from, to).every(Boolean);
    const own = scope(() => ({
      features: slice(features, [[from, to]]),
      rows: taps.map((tap) => {
        const cut = slice(tap, [[from, to]]);
        return raw ? cut : normalize(cut);
      }),
    }));
    parts.features.push(own.features);
    for (const [i, rows] of own.rows.entries()) parts.rows[i]?.push(rows);
  }
}

/** Views of one image follow each other: its number, its first view, and the one after its last. */
function runsOf(views: readonly EncodedView[]): [image: number, from: number, to: number][] {
  const runs: [number, number, number][] = [];
  for (const [i, { image }] of views.entries()) {
    const last = runs.at(-1);
    if (last?.[0] === image) last[2] = i + 1;
    else runs.push([image, i, i + 1]);
  }
  return runs;
}

async function join(item: ImageItem, parts: Parts, symmetries: number): Promise<EncodedPrompt> {
  const { features, rows } = scope(() => {
    const joined = concat(parts.features);
    const [count, width] = joined.shape;
    const views = count / symmetries;
    return {
      features: reshape(slice(reshape(joined, [views, symmetries, width]), [null, [0, 1]]), [views, width]),
      rows: parts.rows.map((some) => {
        const patches = concat(some);
        return reshape(patches, [-1, patches.shape[2]]);
      }),
    };
  });
  free(parts);
  return {
    name: item.id,
    sha256: (await item.sha256?.()) ?? null,
    ...(item.reading && { reading: item.reading }),
    views: features.shape[0],
    ...{ features, rows, layouts: parts.layouts, of: parts.of },
    dispose() {
      for (const each of [features, ...rows]) each.dispose();
    },
  };
}
