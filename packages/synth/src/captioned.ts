import { DatasetError, type Raster } from "@inctrl/datasets";
import { captionFor } from "./captions/caption.js";
import { checkSample } from "./check.js";
import type { DefectKind } from "./defects.js";
import { chance, hash, pick, Random } from "./draw/random.js";
import { FAMILIES } from "./families.js";
import { type DrawnClass, drawClass } from "./sample/class.js";
import { drawSample } from "./sample/sample.js";
import { drawView, type View } from "./sample/view.js";

/** An image with what can be said of it. */
export interface CaptionedImage {
  readonly image: Raster;
  /** 255 where the defect shows, else 0: a byte a pixel. */
  readonly mask: Uint8Array;
  readonly caption: string;
  /** The noun: what a prompt would call it. */
  readonly className: string;
  /** Family and variant, such as `weave-17`. */
  readonly classId: string;
  readonly state: "good" | "bad";
  readonly defect: DefectKind | null;
}

export interface CaptionedOptions {
  readonly seed: number;
  /** Which image. Every other one has a defect. */
  readonly index: number;
  /** Pixels a side; the layout is the same at any size. */
  readonly size: number;
  /** Families for pretraining, or those kept for evaluation. Default `train`. */
  readonly split?: Split;
  /** Images of a class that follow each other, then comes another class. Default 4. */
  readonly group?: number;
}

export type Split = "train" | "held-out";

/** Images of a class that follow each other, where nothing else is asked for. */
const GROUP = 4;

/** Variants that images are drawn from, for each family and seed. */
const VARIANTS = 4096;

/** Share of the groups that one camera, which stays where it is, takes. */
const FIXED_CAMERAS = 0.75;

const POOLS = {
  train: FAMILIES.filter(({ heldOut }) => !heldOut),
  "held-out": FAMILIES.filter(({ heldOut }) => heldOut),
};

/**
 * Draws an image with a caption: a texture or object of one of thousands of classes, as a camera sees it, good or with
 * one defect. The same options give the same bytes and words on every machine.
 *
 * @throws DatasetError `bad-argument` for a number out of range
 * @example
 * const { image, caption } = drawCaptioned({ seed: 1, index: 7, size: 64 });
 */
export function drawCaptioned(options: CaptionedOptions): CaptionedImage {
  const { seed, index, size, split = "train", group = GROUP } = options;
  checkSample(seed, index, size);
  if (!Number.isInteger(group) || group < 1) {
    throw new DatasetError("bad-argument", `group ${group}: give a whole number of images, from 1`);
  }
  const plan = planCaptioned(seed, index, split, group);
  const { drawn, view, defect } = plan;
  const { rgb, mask } = drawSample(drawn, view, index, defect, size);
  return {
    image: { width: size, height: size, mode: "RGB", data: rgb },
    mask,
    caption: plan.caption,
    className: drawn.noun,
    classId: `${drawn.family.name}-${drawn.variant}`,
    state: defect === null ? "good" : "bad",
    defect,
  };
}

/**
 * The captions of images 0 to count - 1, without drawing them: to learn a vocabulary from.
 *
 * @throws DatasetError `bad-argument` for a number out of range
 * @example
 * captionsOf(1, 2); // what images 0 and 1 of seed 1 are called
 */
export function captionsOf(seed: number, count: number, split: Split = "train"): string[] {
  checkSample(seed, count, 64);
  return Array.from({ length: count }, (_, index) => planCaptioned(seed, index, split, GROUP).caption);
}

interface Plan {
  readonly drawn: DrawnClass;
  readonly view: View;
  readonly defect: DefectKind | null;
  readonly caption: string;
}

function planCaptioned(seed: number, index: number, split: Split, group: number): Plan {
  const shared = new Random(hash(seed, Math.floor(index / group), 41));
  const family = pick(shared, POOLS[split]);
  const drawn = drawClass({ family, variant: shared.below(VARIANTS), seed });
  const camera = chance(shared, FIXED_CAMERAS) ? "fixed" : "free";
  const random = new Random(hash(seed, index, 42));
  const defect = index % 2 === 0 ? null : pick(random, family.defects);
  const view = drawView(drawn, index, camera);
  return { drawn, view, defect, caption: captionFor(drawn, view, defect, random) };
}
