import type { ImageHeader, Samples } from "../raster.js";
import { checkSize, corrupt, type Limits, truncated } from "./limits.js";

// This reader exists because the decoder of the other formats gives transparent pixels no colour, where Pillow gives them the
// palette's.

interface GifHeader extends ImageHeader {
  /** RGB triples of all frames without their own; undefined where there are none. */
  readonly palette?: Uint8Array;
  /** Where the blocks begin. */
  readonly blocks: number;
}

/** Reads the screen's size and the global palette. */
export function gifHeader(bytes: Uint8Array, limits: Limits): GifHeader {
  const { label } = limits;
  if (bytes.length < 13) throw truncated(label, `GIF of only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
  checkSize(width, height, limits, 3);
  const palette = paletteAt(bytes, 13, bytes[10], label);
  return {
    ...{ format: "gif", width, height, depth: 8, mode: "RGB", blocks: 13 + (palette?.length ?? 0) },
    ...(palette && { palette }),
  };
}

function paletteAt(bytes: Uint8Array, at: number, flags: number, label: string): Uint8Array | undefined {
  if (!(flags & 0x80)) return undefined;
  const size = 3 << ((flags & 7) + 1);
  if (at + size > bytes.length) throw truncated(label, "GIF ends inside its palette");
  return bytes.subarray(at, at + size);
}

/**
 * Decodes the first frame of a GIF to colours. What the frame does not cover is of the transparent colour, else of the palette's
 * first, as in Pillow.
 */
export function decodeGif(bytes: Uint8Array, limits: Limits): Samples {
  const { label } = limits;
  const { width, height, mode, ...screen } = gifHeader(bytes, limits);
  const { at, transparent } = firstFrame(bytes, screen.blocks, label);
  if (at + 10 > bytes.length) throw truncated(label, "GIF ends inside its first frame");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [left, top, columns, rows] = [1, 3, 5, 7].map((offset) => view.getUint16(at + offset, true));
  if (left + columns > width || top + rows > height) {
    throw corrupt(
      label,
      `GIF frame of ${columns} x ${rows} at ${left}, ${top} reaches over ${width} x ${height}`,
    );
  }
  const flags = bytes[at + 9];
  const own = paletteAt(bytes, at + 10, flags, label);
  const colours = new Uint8Array(768);
  // Without any palette the indices are shades.
  colours.set(own ?? screen.palette ?? colours.map((_, i) => Math.floor(i / 3)));
  const data = new Uint8Array(3 * width * height);
  const paint = (pixel: number, index: number) => {
    for (let c = 0; c < 3; c++) data[3 * pixel + c] = colours[3 * index + c];
  };
  if (columns * rows < width * height) for (let i = 0; i < width * height; i++) paint(i, transparent);
  const indices = unpackLzw(bytes, at + 10 + (own?.length ?? 0), columns * rows, label);
  const order = flags & 0x40 ? interlaced(rows) : Array.from({ length: rows }, (_, row) => row);
  for (let i = 0; i < indices.length; i++) {
    const row = order[Math.floor(i / columns)];
    paint((top + row) * width + left + (i % columns), indices[i]);
  }
  return { width, height, mode, data };
}

/** Where the first image descriptor stands, and the index that the extension before it calls transparent, else 0. */
function firstFrame(bytes: Uint8Array, start: number, label: string): { at: number; transparent: number } {
  let transparent = 0;
  for (let at = start; at < bytes.length; ) {
    if (bytes[at] === 0x2c) return { at, transparent };
    if (bytes[at] !== 0x21) throw corrupt(label, "GIF without a frame");
    if (bytes[at + 1] === 0xf9 && bytes[at + 3] & 1) transparent = bytes[at + 6];
    for (at += 2; bytes[at] > 0; ) at += bytes[at] + 1;
    at++;
  }
  throw truncated(label, "GIF ends before its first frame");
}

/** The rows of the four passes, in the order they are stored in. */
function interlaced(rows: number): number[] {
  const pass = (first: number, step: number) =>
    Array.from({ length: Math.max(0, Math.ceil((rows - first) / step)) }, (_, i) => first + i * step);
  return [...pass(0, 8), ...pass(4, 8), ...pass(2, 4), ...pass(1, 2)];
}

/** Codes have 12 bits at most. */
const CODES = 4096;

/** Undoes LZW to exactly `count` indices. */
function unpackLzw(bytes: Uint8Array, start: number, count: number, label: string): Uint8Array {
  const least = bytes[start];
  if (start >= bytes.length) throw truncated(label, "GIF ends before its pixels");
  if (least < 1 || least > 11) throw corrupt(label, `GIF of ${least} bits`);
  const [clear, end] = [1 << least, (1 << least) + 1];
  const [prefix, suffix] = [new Uint16Array(CODES), new Uint8Array(CODES)];
  for (let code = 0; code < clear; code++) suffix[code] = code;
  const out = new Uint8Array(count);
  const stack = new Uint8Array(CODES);
  let filled = 0;
  let [size, next, previous, first] = [least + 1, end + 1, -1, 0];
  let [bits, held] = [0, 0];
  for (let at = start + 1, left = 0; filled < count; ) {
    while (held < size) {
      if (left === 0) {
        left = bytes[at++] ?? 0;
        if (left === 0) throw truncated(label, `GIF holds ${filled} of its ${count} pixels`);
      }
      if (at >= bytes.length) throw truncated(label, `GIF holds ${filled} of its ${count} pixels`);
      bits |= bytes[at++] << held;
      held += 8;
      left--;
    }
    const code = bits & ((1 << size) - 1);
    bits >>>= size;
    held -= size;
    if (code === end) throw truncated(label, `GIF holds ${filled} of its ${count} pixels`);
    if (code === clear) {
      [size, next, previous] = [least + 1, end + 1, -1];
      continue;
    }
    if (code > next || (previous < 0 && code >= clear) || (code === next && previous < 0)) {
      throw corrupt(label, "GIF pixels are damaged");
    }
    let depth = 0;
    let each = code === next ? previous : code;
    if (code === next) stack[depth++] = first;
    for (; each >= clear; each = prefix[each]) stack[depth++] = suffix[each];
    first = each;
    stack[depth++] = first;
    while (depth > 0 && filled < count) out[filled++] = stack[--depth];
    if (previous >= 0 && next < CODES) {
      [prefix[next], suffix[next]] = [previous, first];
      next++;
      if (next === 1 << size && size < 12) size++;
    }
    previous = code;
  }
  return out;
}
