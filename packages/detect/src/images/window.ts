import {
  type Category,
  count,
  type Depth,
  decodeSamples,
  depthText,
  imageHeader,
  type PixelWindow,
  promptCandidates,
  type Raster,
  readAs,
  SAMPLES,
  type Samples,
  type Window,
  windowText,
} from "@inctrl/datasets";
import { DetectError } from "../errors.js";
import { evenlyWithEnds } from "../evaluation/limit.js";
import type { ImageItem } from "./source.js";

/**
 * Which values of images become black and white: `auto` measures it on the prompts, `full` is the whole range of each image's depth,
 * and two values name it.
 */
export type WindowRequest = "auto" | "full" | readonly [low: number, high: number];

/** A window, and what a user should know of it. */
export interface MeasuredWindow {
  readonly window: Window;
  /** What was measured, where the images are of more than 8 bits. */
  readonly note?: string;
  /** What is probably not meant. */
  readonly warnings: readonly string[];
}

/** Images of 8 bits as they are. */
const PLAIN: PixelWindow = { depth: 8, low: 0, high: 255 };

/** Images that are looked at, spread evenly over those there are. */
const MEASURED = 16;
/** Share of values at either end that does not count: dead and hot pixels. */
const OUTLIERS = 0.001;
/** Below this share of a window in use, most of it is wasted. */
const SPARSE = 1 / 8;
/** Share of values beyond the window that is worth a word. */
const CLIPPED = 0.02;
/** Share of an image beyond the window from which it is no picture any more. */
const MOSTLY = 0.5;
/** Least width of a measured window, as a share of the range: noise on an even surface must not fill all shades. */
const NARROWEST = 1 / 16;
/** Pixels of an image that are looked at. */
const PIXELS = 2 ** 16;

/**
 * The window of a fit, by its prompts. Images of 8 bits are left as they are, unless values are named. Wider ones are shown from 0 to
 * the next power of two above their values, so that 12-bit images show their high 8 bits, unless they use less than an eighth of
 * that: then the window is twice as wide as what they use, around it.
 *
 * @throws DetectError `window` for prompts of several depths, for `full` with floating point, and for a window of no width.
 * @example
 * const { window } = await measureWindow(prompts, "auto"); // { depth: 16, low: 0, high: 4095 }
 */
export async function measureWindow(
  prompts: readonly ImageItem[],
  request: WindowRequest = "auto",
): Promise<MeasuredWindow> {
  const files = prompts.filter(({ source }) => source && source.record === undefined);
  const depths = new Map<Depth, ImageItem>();
  const readable: ImageItem[] = [];
  for (const item of evenlyWithEnds(files, MEASURED)) {
    // One that cannot be read is reported where it is encoded.
    const header = await imageHeader(item.source!.path, item.reading).catch(() => null);
    if (!header) continue;
    readable.push(item);
    if (!depths.has(header.depth)) depths.set(header.depth, item);
  }
  const [[depth, first] = [8 as Depth, undefined], other] = depths;
  if (request === "full" && depths.has(32)) {
    throw refuse(
      depths.get(32)!.id,
      `its samples are of ${depthText(32)}, which have no full range; name two values`,
    );
  }
  if (other && request !== "full") {
    throw refuse(
      other[1].id,
      `its samples are of ${depthText(other[0])}, and those of ${first!.id} of ${depthText(depth)}; give prompts of one depth`,
    );
  }
  if (depth === 8 && request === "auto") return { window: PLAIN, warnings: [] };
  if (other || (depth === 8 && request === "full")) return { window: "full", warnings: [] };
  const values = await distribution(readable);
  if (!values) return { window: request === "full" ? request : PLAIN, warnings: [] };
  const window =
    request === "full" ? request : request === "auto" ? around(values, depth) : named(request, depth);
  const { low, high } = window === "full" ? { low: 0, high: values.top } : window;
  const range = `${short(values.low)} to ${short(values.high)}`;
  const used = (values.high - values.low) / (high - low);
  const outside = values.outside(low, high);
  const warnings = [
    ...(used < SPARSE
      ? [
          `the prompts' values, ${range}, use only ${percent(used)} of the window ${low}:${high}: most shades are unused`,
        ]
      : []),
    ...(outside > CLIPPED
      ? [`${percent(outside)} of the prompts' values lie outside the window ${low}:${high} and are clipped`]
      : []),
  ];
  const note = `prompts of ${depthText(depth)} with values from ${range}; window ${windowText(window)}`;
  return { window, note, warnings };
}

/**
 * Remembers images of which most lies outside the window: they were taken with another exposure or depth than the prompts, and
 * are seen as even black or white.
 */
export class Strays {
  #count = 0;
  #first = "";

  add(name: string, { clipped = 0 }: Pick<Raster, "clipped">): void {
    if (clipped <= MOSTLY) return;
    if (this.#count++ === 0) this.#first = `${name}, ${percent(clipped)} of it`;
  }

  /** What to say of them; undefined where there are none. */
  get warning(): string | undefined {
    if (this.#count === 0) return undefined;
    const lie = this.#count === 1 ? "lies" : "lie";
    return `${count(this.#count, "image")} mostly ${lie} outside the window that was measured on the prompts, and cannot be compared (${this.#first})`;
  }
}

/** A category whose images are shown through one window, measured on its normal training images. */
export async function throughOneWindow(
  category: Category,
  request?: WindowRequest,
): Promise<MeasuredWindow & { readonly category: Category }> {
  const measured = await measureWindow(promptCandidates(category), request);
  const { window } = measured;
  const [train, test] = [category.train, category.test].map((some) =>
    some.map((each) => readAs(each, { window })),
  );
  return { ...measured, category: { ...category, train, test } };
}

const refuse = (name: string, why: string): DetectError => new DetectError("window", `${name}: ${why}`);

/** How the values of some images are spread. */
interface Distribution {
  /** The ends without outliers. */
  readonly low: number;
  readonly high: number;
  /** The value of white in the files. */
  readonly top: number;
  /** The share of values beyond two bounds. */
  outside(low: number, high: number): number;
}

/** Null where no image can be decoded: each is reported where it is encoded. */
async function distribution(items: readonly ImageItem[]): Promise<Distribution | null> {
  const some: Float64Array[] = [];
  let top = 0;
  for (const { source, reading } of items) {
    const samples = await decodeSamples(source!.path, reading).catch(() => null);
    if (!samples) continue;
    top = Math.max(top, samples.top ?? 0);
    some.push(colours(samples));
  }
  const sorted = new Float64Array(some.reduce((sum, { length }) => sum + length, 0));
  if (sorted.length === 0) return null;
  some.reduce((at, values) => {
    sorted.set(values, at);
    return at + values.length;
  }, 0);
  sorted.sort();
  const last = sorted.length - 1;
  return {
    low: sorted[Math.floor(OUTLIERS * last)],
    high: sorted[Math.ceil((1 - OUTLIERS) * last)],
    top,
    outside: (low, high) => sorted.filter((value) => value < low || value > high).length / sorted.length,
  };
}

/** Values of some pixels, evenly spread, without alpha. */
function colours({ mode, data }: Samples): Float64Array {
  const channels = SAMPLES[mode];
  const shown = channels >= 3 ? 3 : 1;
  const pixels = data.length / channels;
  const count = Math.min(pixels, PIXELS);
  return Float64Array.from({ length: count * shown }, (_, i) => {
    const pixel = Math.floor((Math.floor(i / shown) * pixels) / count);
    return data[pixel * channels + (i % shown)];
  });
}

function named([low, high]: readonly [number, number], depth: Depth): PixelWindow {
  if (low < high) return { depth, low, high };
  throw new DetectError(
    "window",
    `window ${low}:${high}: give the value of black, then a larger one for white`,
  );
}

function around({ low, high }: Distribution, depth: Depth): PixelWindow {
  const bits = (value: number) => 2 ** Math.ceil(Math.log2(Math.max(value, Number.MIN_VALUE)));
  const top =
    depth === 32 ? bits(Math.max(Math.abs(low), Math.abs(high))) : Math.max(255, bits(high + 1) - 1);
  if (low >= 0 && high - low >= SPARSE * top) return { depth, low: 0, high: top };
  const half = Math.max(high - low, (NARROWEST / 2) * top);
  const centre = (low + high) / 2;
  if (depth === 32) return { depth, low: rounded(centre - half), high: rounded(centre + half) };
  return {
    depth,
    low: Math.max(0, Math.floor(centre - half)),
    high: Math.min(65535, Math.ceil(centre + half)),
  };
}

const rounded = (value: number): number => Number(value.toPrecision(6));
const short = (value: number): number => Number(value.toPrecision(5));
/** Two digits, and all of 100. */
const percent = (share: number): string => `${(100 * share).toPrecision(share < 0.995 ? 2 : 3)} %`;
