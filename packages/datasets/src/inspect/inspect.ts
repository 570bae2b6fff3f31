import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import type { Raster, RasterMode } from "../raster.js";
import { type Category, type DataSet, type Sample, type Skipped, skippedBy } from "../sets/model.js";
import { hasDefect, invertedText, marksMost } from "../sets/pixels.js";
import { withoutMask } from "../sets/samples.js";

/** Images of one size and mode. */
export interface SizeCount extends Pick<Raster, "width" | "height" | "mode"> {
  readonly count: number;
}

/** Samples with the same pixels as another sample. */
export interface Duplicates {
  /** Training samples that equal an earlier training sample. */
  readonly train: number;
  /** Test samples that equal an earlier test sample. */
  readonly test: number;
  /** Test samples that equal a training sample, so that the test sees training data. */
  readonly between: number;
  /** Samples with equal pixels and different labels. */
  readonly contradictory: number;
  /** The ids of equal samples, training samples first. */
  readonly groups: readonly (readonly string[])[];
}

/** Masks of the anomalous samples. */
export interface MaskReport {
  readonly present: number;
  /** Masks of another size, which are scaled to their image. */
  readonly scaled: number;
  /** Anomalous samples without a mask; empty where no sample of the category has one. */
  readonly missing: readonly string[];
  /** What to say where most masks mark most of their image. */
  readonly inverted?: string;
  /** Masks that mark nothing. */
  readonly empty: readonly string[];
  readonly unreadable: readonly Skipped[];
}

/** The contents of a category. */
export interface CategoryReport {
  readonly name: string;
  readonly className: string;
  readonly train: { readonly normal: number; readonly anomalous: number };
  readonly test: { readonly normal: number; readonly anomalous: number };
  /** Anomalous samples by kind, in train and test. */
  readonly anomalies: Readonly<Record<string, number>>;
  /** The most frequent first. */
  readonly sizes: readonly SizeCount[];
  readonly duplicates: Duplicates;
  readonly unreadable: readonly Skipped[];
  readonly masks: MaskReport;
}

/** The contents of a data set. */
export interface DataSetReport {
  readonly name: string;
  readonly categories: readonly CategoryReport[];
  /** Files that could not be made samples. */
  readonly skipped: readonly Skipped[];
  /** What was left out or guessed, one sentence each. */
  readonly notes: readonly string[];
}

export interface InspectOptions {
  /** Called after each batch of images that was read. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Images decoded at once. */
const AT_ONCE = 8;

/** The facts that are kept of an image. */
interface Look extends Pick<Raster, "width" | "height" | "mode"> {
  /** The hash of size, mode and pixels. */
  readonly hash: string;
}

/** What a mask is, or its problem. */
type MaskLook = { readonly scaled: boolean; readonly large: boolean } | "empty" | Error;

interface Seen {
  readonly image: Look | Error;
  readonly mask?: MaskLook;
}

/**
 * Reads every image and mask of a data set, a few at a time, and reports the contents of each category. Files that cannot be read
 * are named. An image that several categories share is read once.
 *
 * @example
 * const report = await inspectDataSet(await openDataSet("brainmri:brain"));
 * report.categories[0].duplicates.between; // test images that are in train too
 */
export async function inspectDataSet(
  dataSet: DataSet,
  { onProgress, signal }: InspectOptions = {},
): Promise<DataSetReport> {
  const samples = new Map<string, Sample>();
  for (const { train, test } of dataSet.categories) {
    // Of a sample shared by categories the anomalous one is kept, since it may have a mask.
    for (const sample of [...train, ...test]) {
      if (sample.mask || !samples.has(sample.id)) samples.set(sample.id, sample);
    }
  }
  const seen = new Map<string, Seen>();
  const pending = [...samples.values()];
  for (let at = 0; at < pending.length; at += AT_ONCE) {
    // Samples in memory load without waiting, so that without this turn of the event loop no signal would arrive.
    await setImmediate();
    signal?.throwIfAborted();
    const batch = pending.slice(at, at + AT_ONCE);
    const looks = await Promise.all(batch.map(look));
    batch.forEach(({ id }, i) => {
      seen.set(id, looks[i]);
    });
    onProgress?.(seen.size, pending.length);
  }
  const categories = dataSet.categories.map((category) => reportOn(category, seen));
  return { name: dataSet.name, categories, skipped: dataSet.skipped, notes: dataSet.notes ?? [] };
}

async function look(sample: Sample): Promise<Seen> {
  try {
    const { width, height, mode, data, palette } = await sample.load();
    const hash = createHash("sha256").update(`${mode} ${width} ${height}\n`).update(data);
    if (palette) hash.update(palette);
    const image = { hash: hash.digest("base64"), width, height, mode };
    return sample.mask ? { image, mask: await lookAtMask(sample, image) } : { image };
  } catch (error) {
    return { image: error as Error };
  }
}

async function lookAtMask(sample: Sample, { width, height }: Look): Promise<MaskLook> {
  try {
    const mask = await sample.mask!();
    if (mask.width !== width || mask.height !== height) {
      return new Error(`the mask has ${mask.width} x ${mask.height} pixels, the image ${width} x ${height}`);
    }
    if (!hasDefect(mask)) return "empty";
    return { scaled: mask.scaledFrom !== undefined, large: marksMost(mask) };
  } catch (error) {
    return error as Error;
  }
}

function reportOn(
  { name, className, train, test }: Category,
  seen: ReadonlyMap<string, Seen>,
): CategoryReport {
  const all = [...train, ...test];
  const imageOf = ({ id }: Sample) => seen.get(id)!.image;
  const unreadable = all.flatMap((sample) => {
    const image = imageOf(sample);
    return image instanceof Error ? [skippedBy(sample.id, image)] : [];
  });
  const anomalous = all.filter(({ label }) => label === 1);
  return {
    name,
    className,
    train: byLabel(train),
    test: byLabel(test),
    anomalies: Object.fromEntries(
      tally(anomalous.map(({ kind }) => kind)).sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
    sizes: sizesOf(all.map(imageOf)),
    duplicates: findDuplicates(train, test, imageOf),
    unreadable,
    masks: reportMasks(anomalous, seen),
  };
}

function byLabel(samples: readonly Sample[]): { normal: number; anomalous: number } {
  const anomalous = samples.filter(({ label }) => label === 1).length;
  return { normal: samples.length - anomalous, anomalous };
}

/** The number of times that each value occurs, in the order of first occurrence. */
function tally(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts];
}

function sizesOf(images: readonly (Look | Error)[]): SizeCount[] {
  const known = images.filter((image): image is Look => !(image instanceof Error));
  return tally(known.map(({ width, height, mode }) => `${width} ${height} ${mode}`))
    .sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))
    .map(([key, count]) => {
      const [width, height, mode] = key.split(" ");
      return { width: Number(width), height: Number(height), mode: mode as RasterMode, count };
    });
}

function findDuplicates(
  train: readonly Sample[],
  test: readonly Sample[],
  imageOf: (sample: Sample) => Look | Error,
): Duplicates {
  const groups = new Map<string, { train: Sample[]; test: Sample[] }>();
  for (const [part, samples] of [
    ["train", train],
    ["test", test],
  ] as const) {
    for (const sample of samples) {
      const image = imageOf(sample);
      if (image instanceof Error) continue;
      const group = groups.get(image.hash) ?? { train: [], test: [] };
      groups.set(image.hash, group);
      group[part].push(sample);
    }
  }
  const same = [...groups.values()].filter((group) => group.train.length + group.test.length > 1);
  const sum = (count: (group: { train: Sample[]; test: Sample[] }) => number) =>
    same.reduce((total, group) => total + count(group), 0);
  return {
    train: sum((group) => Math.max(0, group.train.length - 1)),
    test: sum((group) => Math.max(0, group.test.length - 1)),
    between: sum((group) => (group.train.length > 0 ? group.test.length : 0)),
    contradictory: sum((group) => {
      const members = [...group.train, ...group.test];
      return members.some(({ label }) => label !== members[0].label) ? members.length : 0;
    }),
    groups: same.map((group) => [...group.train, ...group.test].map(({ id }) => id)),
  };
}

function reportMasks(anomalous: readonly Sample[], seen: ReadonlyMap<string, Seen>): MaskReport {
  const having = anomalous.filter(({ mask }) => mask);
  const looks = having.map(({ id }) => ({ id, mask: seen.get(id)!.mask }));
  const sound = looks.flatMap(({ mask }) =>
    mask === undefined || mask === "empty" || mask instanceof Error ? [] : [mask],
  );
  const inverted = invertedText(sound.map(({ large }) => large));
  return {
    present: having.length,
    scaled: sound.filter(({ scaled }) => scaled).length,
    ...(inverted && { inverted }),
    missing: withoutMask(anomalous).map(({ id }) => id),
    empty: looks.filter(({ mask }) => mask === "empty").map(({ id }) => id),
    unreadable: looks.flatMap(({ id, mask }) => (mask instanceof Error ? [skippedBy(id, mask)] : [])),
  };
}
