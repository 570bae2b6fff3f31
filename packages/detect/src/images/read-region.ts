import { decodeImage, imageHeader, type Reading, toRGB } from "@inctrl/datasets";
import { DetectError } from "../errors.js";
import { combineRegions, type ImageRegion, type ImageSize, regionOf, regionOfBox } from "./region.js";

/** Parts of images that are looked at and parts that are not, each a file of a mask or a box, `x,y,width,height`. */
export interface RegionRequest {
  readonly roi?: readonly string[];
  readonly ignore?: readonly string[];
}

/** Four numbers, all in pixels or all in percent. */
const BOX = /^\s*\d+(\.\d+)?%?(\s*,\s*\d+(\.\d+)?%?){3}\s*$/;

/** A mask's pixel is white from here on: the sum of its three colours. */
const WHITE = 3 * 128;

/**
 * The region that masks and boxes describe. Boxes may be in percent, or in pixels of the prompts where these have one size. Masks are
 * scaled to each image; white is in.
 *
 * @param prompts their files.
 * @returns undefined where nothing is asked for.
 * @throws DetectError `region` for a box that is none or leaves the image, for one in pixels of prompts of several sizes, and where
 * nothing would count; ImageError for a mask that cannot be read.
 * @example
 * const region = await readRegion({ roi: ["10%,10%,80%,80%"], ignore: ["clamps.png"] }, prompts);
 */
export async function readRegion(
  { roi = [], ignore = [] }: RegionRequest,
  prompts: readonly string[],
  reading: Reading = {},
): Promise<ImageRegion | undefined> {
  if (roi.length + ignore.length === 0) return undefined;
  const read = (parts: readonly string[]) =>
    Promise.all(
      parts.map((part) => (BOX.test(part) ? boxOf(part, prompts, reading) : maskOf(part, reading))),
    );
  return combineRegions(await read(roi), await read(ignore));
}

async function boxOf(text: string, prompts: readonly string[], reading: Reading): Promise<ImageRegion> {
  const parts = text.split(",").map((part) => part.trim());
  const percent = parts.filter((part) => part.endsWith("%")).length;
  const fail = (why: string) => new DetectError("region", `box ${text}: ${why}`);
  if (percent !== 0 && percent !== 4) throw fail("give all four numbers in pixels, or all in percent");
  const of = percent === 4 ? { width: 100, height: 100 } : await sizeOf(prompts, reading, fail);
  const [x, y, width, height] = parts.map(Number.parseFloat);
  if (width === 0 || height === 0 || x + width > of.width || y + height > of.height)
    throw fail(
      `x, y, width and height of a part of an image are wanted, and it is ${percent === 4 ? "100% by 100%" : `${of.width} x ${of.height} pixels`} large`,
    );
  return regionOfBox({
    ...{ x: x / of.width, y: y / of.height },
    ...{ width: width / of.width, height: height / of.height },
  });
}

/** The size that all prompts have. */
async function sizeOf(
  prompts: readonly string[],
  reading: Reading,
  fail: (why: string) => Error,
): Promise<ImageSize> {
  const sizes = new Map<string, ImageSize>();
  for (const path of prompts) {
    const { width, height } = await imageHeader(path, reading);
    sizes.set(`${width} x ${height}`, { width, height });
  }
  const [[, size], ...others] = [...sizes];
  if (others.length === 0) return size;
  throw fail(
    `the prompts have several sizes (${[...sizes.keys()].slice(0, 2).join(", ")}, ...); give it in percent`,
  );
}

async function maskOf(path: string, { maxPixels }: Reading): Promise<ImageRegion> {
  const mask = toRGB(await decodeImage(path, { maxPixels, window: "full" }));
  const { width, height, data } = mask;
  const white = Uint8Array.from({ length: width * height }, (_, i) =>
    Number(data[3 * i] + data[3 * i + 1] + data[3 * i + 2] >= WHITE),
  );
  return regionOf(white, mask);
}
