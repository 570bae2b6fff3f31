import type { Raster } from "@inctrl/datasets";
import { captionFor } from "./captions/caption.js";
import { checkSample, refuse } from "./check.js";
import type { DefectKind } from "./defects.js";
import { chance, hash, pick, Random } from "./draw/random.js";
import { FAMILIES } from "./families.js";
import { drawClass } from "./sample/class.js";
import { drawSample } from "./sample/sample.js";
import { drawView } from "./sample/view.js";

/** An image with a caption. */
export interface CaptionedImage {
  readonly image: Raster;
  /** 255 where the defect shows, else 0: a byte a pixel. */
  readonly mask: Uint8Array;
  readonly caption: string;
  /** The noun that prompts use for the class. */
  readonly className: string;
  /** Family and variant, such as `weave-17`. */
  readonly classId: string;
  readonly state: "good" | "bad";
  readonly defect: DefectKind | null;
}

export interface CaptionedOptions {
  readonly seed: number;
  /** The image's number. Odd ones have a defect. */
  readonly index: number;
  /** Pixels a side; the layout is the same at any size. */
  readonly size: number;
  /** Families for pretraining, or those kept for evaluation. Default `train`. */
  readonly split?: Split;
  /** Images of one class in a row. Default 4. */
  readonly group?: number;
}

export type Split = "train" | "held-out";

/** Images of one class in a row, by default. */
const GROUP = 4;

/** Variants of a family for each seed. */
const VARIANTS = 4096;

/** The share of groups that a fixed camera photographs. */
const FIXED_CAMERAS = 0.75;

const POOLS = {
  train: FAMILIES.filter(({ heldOut }) => !heldOut),
  "held-out": FAMILIES.filter(({ heldOut }) => heldOut),
};

/**
 * Draws an image with a caption: a photograph of a texture or object of one of thousands of classes, good or with one defect. The
 * same options give the same bytes and words on every machine.
 *
 * @throws DatasetError `bad-argument` for a number out of range
 * @example
 * const { image, caption } = drawCaptioned({ seed: 1, index: 7, size: 64 });
 */
export function drawCaptioned(options: CaptionedOptions): CaptionedImage {
  const { seed, index, size, split = "train", group = GROUP } = options;
  checkSample(seed, index, size);
  if (!Number.isInteger(group) || group < 1)
    throw refuse(`group ${group}: give a whole number of images, from 1`);
  const { drawn, view, defect, caption } = planCaptioned(seed, index, split, group);
  const { rgb, mask } = drawSample(drawn, view, index, defect, size);
  return {
    image: { width: size, height: size, mode: "RGB", data: rgb },
    mask,
    caption,
    className: drawn.noun,
    classId: `${drawn.family.name}-${drawn.variant}`,
    state: defect === null ? "good" : "bad",
    defect,
  };
}

/**
 * The captions of images 0 to count - 1, without drawing the images.
 *
 * @throws DatasetError `bad-argument` for a number out of range
 * @example
 * captionsOf(1, 2); // the captions of images 0 and 1 of seed 1
 */
export function captionsOf(seed: number, count: number, split: Split = "train"): string[] {
  checkSample(seed, count, 64);
  return Array.from({ length: count }, (_, index) => planCaptioned(seed, index, split, GROUP).caption);
}

/**
 * The nouns of the classes of images 0 to count - 1, without drawing the images.
 *
 * @throws DatasetError `bad-argument` for a number out of range
 * @example
 * classNamesOf(1, 2); // the same noun twice: images 0 and 1 are of one class
 */
export function classNamesOf(seed: number, count: number, split: Split = "train"): string[] {
  checkSample(seed, count, 64);
  return Array.from({ length: count }, (_, index) => classAt(seed, index, split, GROUP).drawn.noun);
}

/** The class of an image, and the random numbers that its group goes on with. */
function classAt(seed: number, index: number, split: Split, group: number) {
  const shared = new Random(hash(seed, Math.floor(index / group), 41));
  const family = pick(shared, POOLS[split]);
  return { drawn: drawClass({ family, variant: shared.below(VARIANTS), seed }), shared };
}

function planCaptioned(seed: number, index: number, split: Split, group: number) {
  const { drawn, shared } = classAt(seed, index, split, group);
  const camera = chance(shared, FIXED_CAMERAS) ? "fixed" : "free";
  const random = new Random(hash(seed, index, 42));
  const defect = index % 2 === 0 ? null : pick(random, drawn.family.defects);
  const view = drawView(drawn, index, camera);
  return { drawn, view, defect, caption: captionFor(drawn, view, defect, random) };
}
