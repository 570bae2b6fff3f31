import { count, readAs, some } from "@inctrl/datasets";
import { promptsAlone } from "../calibration/leave-one-out.js";
import {
  CALIBRATION_DEFAULTS,
  type Calibration,
  foundOf,
  type GoodImage,
  lineOn,
  withCalibration,
} from "../calibration/record.js";
import { type FitOptions, type FittedDetector, variantsOf } from "../detector.js";
import { type EncodedPrompt, encodePrompts } from "../encoder/prompts.js";
import { DetectError } from "../errors.js";
import { pinned } from "../images/sample-hash.js";
import type { ImageItem } from "../images/source.js";
import { amendBank } from "../matcher/amend.js";
import { fail, type PromptRecord } from "../matcher/bank-info.js";
import { scoreImages } from "../score-images.js";
import { type BankChange, type Change, type ChangedImage, type ChangeKind, changeBank } from "./history.js";
import { goodImagesOf, refuseKnown } from "./named.js";

/** A bank that is to be changed, as it was when the change was worked out. */
export interface EditedBank extends Pick<Change, "from"> {
  readonly path: string;
  readonly fitted: FittedDetector;
  /** Its line; null where it has none that is to stay. */
  readonly calibration: Calibration | null;
  readonly signal?: AbortSignal;
}

/** A change that was made, and what the bank says of good parts now. */
export interface Edited {
  readonly change: BankChange;
  readonly prompts: readonly PromptRecord[];
  /** Null where the prompts are too few to tell anything. */
  readonly calibration: Calibration | null;
}

export interface PromptEdit extends FitOptions {
  /** Images that become prompts. */
  readonly add?: readonly ImageItem[];
  /** Places of prompts that go. */
  readonly remove?: ReadonlySet<number>;
  /** Places of calibration images that go. */
  readonly removeGood?: ReadonlySet<number>;
  /** Opens an image of the bank by the sha256 of its file. */
  readonly find: (sha256: string) => ImageItem | undefined;
  /** All that decides a verdict besides the bank, for what the prompts alone tell where there is no line. */
  readonly settings: Calibration["settings"];
}

/**
 * Adds prompts to a bank and removes others: its method is fitted again. New prompts change every score, so the images of its line are
 * scored again; without a line the prompts alone tell what they can.
 *
 * @throws DetectError `bank` for an image that is there already, `shots` where no prompt would stay, `images` where a file that is
 * needed is not found, `calibration` where an image of the line cannot be scored; as `changeBank`.
 * @example
 * await changePrompts({ path, from: id, fitted, calibration }, { add: [fileImage("good-after-all.png")], find, settings });
 */
export async function changePrompts(bank: EditedBank, edit: PromptEdit): Promise<Edited> {
  const { path, fitted, calibration, from, signal } = bank;
  const { add = [], remove = new Set(), removeGood = new Set(), find, settings, className } = edit;
  const { detector, region, positions } = fitted;
  const about = { className, region, positions: positions?.how };
  const line = calibration?.hint ? null : calibration;
  const added = await hashed(bank, add);
  const prompts: EncodedPrompt[] = [];
  try {
    prompts.push(...(await keptPrompts(bank, remove, find)));
    prompts.push(...(await encoded(fitted, itemsOf(added), signal)));
    // A stopped encoder gives fewer.
    signal?.throwIfAborted();
    if (prompts.length === 0)
      throw new DetectError("shots", `${path}: would have no prompt left; keep one, or make another bank`);
    using again = await detector.fit(prompts, about);
    const changed = line
      ? await scoredAgain(again, without(path, line, removeGood), find, signal)
      : await hintOf(again, prompts, settings, about);
    const good = goodImagesOf(bank).filter((_, at) => removeGood.has(at));
    const removed = [...fitted.prompts.filter((_, at) => remove.has(at)), ...good];
    const images = (add.length > 0 ? added : removed).map(recordOf);
    signal?.throwIfAborted();
    const what = add.length > 0 ? "prompts added" : "images removed";
    const change = await changeBank(path, { what, images, from }, (entries) =>
      again.save(path, withCalibration(entries, changed)),
    );
    return { change, prompts: again.prompts, calibration: changed };
  } finally {
    for (const prompt of prompts) prompt.dispose();
  }
}

/**
 * Adds good images to those that a bank's line stands on, each as a part of its own, and sets the line anew.
 *
 * @throws DetectError `bank` for an image that is there already, `calibration` without a line and for an image that has no score; as
 * `changeBank`.
 */
export async function addGoodImages(bank: EditedBank, items: readonly ImageItem[]): Promise<Edited> {
  const { path, fitted, calibration, signal } = bank;
  if (!calibration || calibration.hint)
    throw new DetectError(
      "calibration",
      `${path}: has no line that good images could be added to; calibrate it first`,
    );
  const images = await hashed(bank, items);
  const scores = await scoresOf(fitted, itemsOf(images), signal);
  const parts = new Set(calibration.images.map(({ part }) => part));
  const added = images.map(({ name, sha256 }, i): GoodImage => {
    // Cameras write one name again and again.
    const part = parts.has(name) ? `${name} ${sha256}` : name;
    return { name, sha256, part, ...scores[i] };
  });
  const changed = images.map(recordOf);
  return await rewritten(bank, "calibration images added", changed, [...calibration.images, ...added]);
}

/**
 * Removes images from those that a bank's line stands on, and sets the line anew.
 *
 * @throws DetectError `calibration` where none would stay; as `changeBank`.
 */
export async function removeGoodImages(
  bank: Omit<EditedBank, "fitted"> & { readonly fitted: Pick<FittedDetector, "prompts"> },
  places: ReadonlySet<number>,
): Promise<Edited> {
  const good = goodImagesOf(bank);
  const { images } = without(bank.path, bank.calibration as Calibration, places);
  const removed = good.filter((_, at) => places.has(at)).map(recordOf);
  return await rewritten(bank, "images removed", removed, images);
}

/** What a good image becomes in a bank: one that the line stands on, or a prompt. */
export type LearntAs = "calibration" | "prompt";

/** What a good image becomes where nobody says it: one of those that the line stands on, or a prompt where prompts alone draw the line. */
export const learntAs = (calibration: Pick<Calibration, "hint"> | null): LearntAs =>
  calibration && !calibration.hint ? "calibration" : "prompt";

/**
 * Teaches a bank good images, as `learntAs` says unless `as` does.
 *
 * @throws DetectError as `addGoodImages` and `changePrompts`.
 */
export const learnGood = (
  bank: EditedBank,
  images: readonly ImageItem[],
  {
    as = learntAs(bank.calibration),
    ...edit
  }: Omit<PromptEdit, "add" | "remove"> & { readonly as?: LearntAs },
): Promise<Edited> =>
  as === "calibration" ? addGoodImages(bank, images) : changePrompts(bank, { ...edit, add: images });

/** Writes a bank whose line stands on other images. */
async function rewritten(
  { path, from, calibration: before, fitted: { prompts } }: Parameters<typeof removeGoodImages>[0],
  what: ChangeKind,
  changed: readonly ChangedImage[],
  images: readonly GoodImage[],
): Promise<Edited> {
  const calibration = lineOn(before as Calibration, images);
  const change = await changeBank(path, { what, images: changed, from }, (entries) =>
    amendBank(path, withCalibration(entries, calibration)),
  );
  return { change, prompts, calibration };
}

function without(path: string, calibration: Calibration, places: ReadonlySet<number>): Calibration {
  const images = calibration.images.filter((_, at) => !places.has(at));
  if (images.length > 0) return { ...calibration, images };
  throw new DetectError("calibration", `${path}: its line would have no image left; keep one`);
}

/** An image that is decoded from the bytes of its sum and from no others. */
interface HashedImage extends ChangedImage {
  readonly item: ImageItem;
}

const hashedImage = (item: ImageItem, name: string, sha256: string): HashedImage => ({
  ...{ name, sha256 },
  item: { ...pinned(item, sha256), id: name, sha256: async () => sha256 },
});

const itemsOf = (images: readonly HashedImage[]): ImageItem[] => images.map(({ item }) => item);

const recordOf = ({ name, sha256 }: ChangedImage): ChangedImage => ({ name, sha256 });

/** Images with their sums, none of which the bank has. */
async function hashed(
  { path, fitted: { prompts }, calibration }: EditedBank,
  items: readonly ImageItem[],
): Promise<HashedImage[]> {
  const images: HashedImage[] = [];
  for (const item of items) {
    const sha256 = await item.sha256?.();
    if (sha256 === undefined)
      throw fail(path, `${item.id} has no file that could be known again; give a file`);
    if (images.some((each) => each.sha256 === sha256))
      throw fail(path, `${item.id} is given twice; give each image once`);
    images.push(hashedImage(item, item.id, sha256));
  }
  refuseKnown(path, { prompts, calibration }, images);
  return images;
}

/** The prompts that stay, as the bank keeps them, or encoded again from their files. */
async function keptPrompts(
  { path, fitted, signal }: EditedBank,
  remove: ReadonlySet<number>,
  find: PromptEdit["find"],
): Promise<EncodedPrompt[]> {
  const { detector, prompts } = fitted;
  if (fitted.encoded) {
    const all = fitted.encoded();
    for (const at of remove) all[at].dispose();
    return all.filter((_, at) => !remove.has(at));
  }
  const items = foundAll(
    prompts.filter((_, at) => !remove.has(at)),
    find,
    (names) =>
      `${path}: ${detector.name} keeps no patches of its prompts and is fitted with all of them again; ${names}`,
  );
  return await encoded(fitted, items, signal);
}

/** Images as prompts, read as the bank's. */
const encoded = (
  { detector, reading }: FittedDetector,
  images: readonly ImageItem[],
  signal: AbortSignal | undefined,
): Promise<EncodedPrompt[]> =>
  encodePrompts(
    detector.encoder,
    images.map((image) => readAs(image, reading)),
    { augmentation: variantsOf(detector), signal },
  );

/** The files of images, under the names that the bank has for them. */
function foundAll(
  images: readonly ChangedImage[],
  find: PromptEdit["find"],
  why: (missing: string) => string,
): ImageItem[] {
  const found = images.map(({ name, sha256 }) => {
    const item = sha256 === null ? undefined : find(sha256);
    return item && sha256 !== null ? hashedImage(item, name, sha256) : name;
  });
  const missing = found.filter((item) => typeof item === "string");
  if (missing.length === 0) return itemsOf(found as HashedImage[]);
  const files = count(missing.length, "file is not found", "files are not found");
  throw new DetectError("images", why(`${files} by sha256 (${some(missing)}); name the folder`));
}

/** What the prompts alone tell of good parts; null where that is nothing. */
async function hintOf(
  { detector }: FittedDetector,
  prompts: readonly EncodedPrompt[],
  settings: Calibration["settings"],
  about: FitOptions,
): Promise<Calibration | null> {
  const images = await promptsAlone(detector, prompts, about);
  return images.length === 0 ? null : { version: 1, hint: true, ...CALIBRATION_DEFAULTS, images, settings };
}

async function scoredAgain(
  fitted: FittedDetector,
  calibration: Calibration,
  find: PromptEdit["find"],
  signal: AbortSignal | undefined,
): Promise<Calibration> {
  const { images } = calibration;
  const items = foundAll(
    images,
    find,
    (names) =>
      `other prompts change all scores, and the line's ${count(images.length, "image")} must be scored again; ${names}`,
  );
  const scores = await scoresOf(fitted, items, signal);
  return lineOn(
    calibration,
    images.map(({ name, sha256, part }, i) => ({ name, sha256, part, ...scores[i] })),
  );
}

/** @throws DetectError `calibration` for the first image that has no score. */
async function scoresOf(fitted: FittedDetector, items: readonly ImageItem[], signal?: AbortSignal) {
  const scores: ReturnType<typeof foundOf>[] = [];
  for await (const result of scoreImages(fitted, items, { signal })) {
    if ("error" in result)
      throw new DetectError("calibration", `${result.error.message}; a line needs the score of each image`, {
        cause: result.error,
      });
    scores.push(foundOf(result));
  }
  signal?.throwIfAborted();
  return scores;
}
