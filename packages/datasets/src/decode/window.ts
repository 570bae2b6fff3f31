import { ImageError } from "../errors.js";
import { type Depth, depthOf, type Raster, SAMPLES, type Samples } from "../raster.js";

/** The values that become black and white; those between become shades, those outside are clipped. */
export interface PixelWindow {
  /** Depth of the images it is for. Others are refused, since their values mean something else. */
  readonly depth: Depth;
  readonly low: number;
  readonly high: number;
}

/** A window, or `full`: each image by the whole range of its own depth, as Pillow shows it. */
export type Window = PixelWindow | "full";

/** Whether a window leaves 8-bit samples as they are. */
export const isPlain = (window: Window): boolean =>
  window === "full" || (window.depth === 8 && window.low === 0 && window.high === 255);

/** `LO:HI`, or `full`. */
export const windowText = (window: Window): string =>
  window === "full" ? window : `${window.low}:${window.high}`;

/**
 * Shows samples through a window as 8 bits. Integers fall into 256 steps of equal width, so that 0:4095 shows a 12-bit value by its
 * high 8 bits, and 0:255 leaves 8 bits as they are. Alpha keeps its range; with floating point it is opaque.
 *
 * @throws ImageError `depth` for samples of another depth, and for unbounded ones without a window.
 */
export function throughWindow(samples: Samples, window: Window, label: string): Raster {
  const { data, top, ...image } = samples;
  const depth = depthOf(samples);
  if (window !== "full" && window.depth !== depth) {
    const problem = `its samples are of ${depthText(depth)} and the window is for ${depthText(window.depth)}`;
    throw new ImageError("depth", label, problem, "save all images with one depth");
  }
  if (data instanceof Uint8Array && isPlain(window)) return { ...image, data };
  if (window === "full" && top === undefined) {
    const problem = `its samples are of ${depthText(depth)}, which have no full range`;
    throw new ImageError("depth", label, problem, "say which values are black and white");
  }
  const { low, high } = window === "full" ? { low: 0, high: top! } : window;
  if (image.palette) return { ...image, data: data as Uint8Array, palette: shade(image.palette, low, high) };
  const shown = shade(data, low, high);
  const clipped = clippedShare(samples, low, high);
  const channels = SAMPLES[image.mode];
  if (channels % 2 === 0) {
    for (let i = channels - 1; i < data.length; i += channels)
      shown[i] = depth === 32 ? 255 : depth === 16 ? data[i] >> 8 : data[i];
  }
  return { ...image, data: shown, ...(clipped > 0 && { clipped }) };
}

function clippedShare({ data, mode }: Samples, low: number, high: number): number {
  const channels = SAMPLES[mode];
  const colours = channels >= 3 ? 3 : 1;
  let outside = 0;
  for (let at = 0; at < data.length; at += channels)
    for (let c = 0; c < colours; c++) if (data[at + c] < low || data[at + c] > high) outside++;
  return outside / ((data.length / channels) * colours);
}

/** Depths in words. */
export const depthText = (depth: Depth): string => (depth === 32 ? "floating point" : `${depth} bits`);

function shade(data: Samples["data"], low: number, high: number): Uint8Array {
  if (data instanceof Float32Array) {
    const scale = 255 / (high - low);
    return Uint8Array.from(Uint8ClampedArray.from(data, (value) => Math.round((value - low) * scale)));
  }
  const scale = 256 / (high - low + 1);
  const table = Uint8Array.from({ length: data instanceof Uint8Array ? 256 : 65536 }, (_, value) =>
    Math.min(255, Math.max(0, Math.floor((value - low) * scale))),
  );
  const shown = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) shown[i] = table[data[i]];
  return shown;
}
