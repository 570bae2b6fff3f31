import type { ImageHeader, RasterMode, Samples } from "../raster.js";
import { unpackRle } from "./bmp-rle.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";

interface BmpHeader extends ImageHeader {
  readonly bits: number;
  /** Whether rows run from the top. A BMP with positive height is stored from the bottom. */
  readonly topDown: boolean;
  readonly dataOffset: number;
  readonly palette?: Uint8Array;
  /** Where red, green, blue and alpha lie in a pixel of 16 or 32 bits; 0 = absent. */
  readonly masks?: readonly number[];
  /** Whether indices are run-length coded. */
  readonly packed: boolean;
}

/** Bits 1, 4, 8 are indices; the rest are colours. */
const BITS = [1, 4, 8, 16, 24, 32];

/** Reads the file header, the info header (OS/2's 12 bytes, Windows 40 to 124) and the palette. */
export function bmpHeader(bytes: Uint8Array, limits: Limits): BmpHeader {
  const { label } = limits;
  if (bytes.length < 26) throw truncated(label, `BMP of only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const infoSize = view.getUint32(14, true);
  const old = infoSize === 12;
  if (!old && (infoSize < 40 || infoSize > 124)) throw unsupported(label, `BMP header of ${infoSize} bytes`);
  if (bytes.length < 14 + infoSize) throw truncated(label, "BMP ends inside its header");

  const width = old ? view.getUint16(18, true) : view.getInt32(18, true);
  const signedHeight = old ? view.getUint16(20, true) : view.getInt32(22, true);
  const height = Math.abs(signedHeight);
  const bits = view.getUint16(old ? 24 : 28, true);
  const compression = old ? 0 : view.getUint32(30, true);
  checkSize(width, height, limits);
  if (!BITS.includes(bits)) throw unsupported(label, `BMP of ${bits} bits a pixel`);
  const hasMasks = (compression === 3 || compression === 6) && (bits === 16 || bits === 32);
  const packed = (compression === 1 && bits === 8) || (compression === 2 && bits === 4);
  if (compression !== 0 && !hasMasks && !packed)
    throw unsupported(label, `compressed BMP (kind ${compression})`);

  const base = {
    format: "bmp",
    width,
    height,
    depth: 8 as const,
    ...{ bits, packed },
    topDown: signedHeight < 0,
    dataOffset: view.getUint32(10, true),
  };
  if (bits > 8) {
    const masks = hasMasks
      ? readMasks(view, infoSize >= 56 || compression === 6 ? 4 : 3, label)
      : bits === 16
        ? MASKS_555
        : MASKS_888;
    return { ...base, masks, mode: masks[3] && bits === 32 ? "RGBA" : "RGB" };
  }
  const colours = Math.min((old ? 0 : view.getUint32(46, true)) || 1 << bits, 1 << bits);
  const palette = readPalette(bytes, 14 + infoSize, colours, old ? 3 : 4, label);
  const mode = paletteMode(palette, colours, bits);
  return mode === "P" ? { ...base, mode, palette } : { ...base, mode };
}

const MASKS_555 = [0x7c00, 0x3e0, 0x1f, 0];
/** The fourth byte of an uncompressed 32-bit pixel is padding, as in Pillow. */
const MASKS_888 = [0xff0000, 0xff00, 0xff, 0];

/** Masks are in the info header from version 2 on, and right after a 40-byte one. */
function readMasks(view: DataView, count: number, label: string): readonly number[] {
  if (view.byteLength < 54 + 4 * count) throw truncated(label, "BMP ends inside its header");
  const masks = Array.from({ length: count }, (_, i) => view.getUint32(54 + 4 * i, true));
  for (const mask of masks) {
    const run = mask === 0 ? 0 : mask >>> lowestBit(mask);
    if ((run & (run + 1)) !== 0 || run > 255) throw unsupported(label, "BMP with unusual colour masks");
  }
  return masks;
}

function readPalette(
  bytes: Uint8Array,
  at: number,
  colours: number,
  entry: number,
  label: string,
): Uint8Array {
  if (bytes.length < at + colours * entry) throw truncated(label, "BMP ends inside its palette");
  const palette = new Uint8Array(768);
  for (let i = 0; i < colours; i++) {
    for (let c = 0; c < 3; c++) palette[i * 3 + c] = bytes[at + i * entry + 2 - c];
  }
  return palette;
}

/** The mode as in Pillow: bilevel for a black-and-white palette, gray for the ramp 0, 1, 2 ..., indices for all others. */
function paletteMode(palette: Uint8Array, colours: number, bits: number): RasterMode {
  const isGray = (value: (i: number) => number) => {
    for (let i = 0; i < colours * 3; i++) if (palette[i] !== value(Math.floor(i / 3))) return false;
    return true;
  };
  if (bits === 1 && colours === 2 && isGray((i) => i * 255)) return "1";
  return bits === 8 && isGray((i) => i) ? "L" : "P";
}

/** Decodes a BMP of 1, 4, 8, 16, 24 or 32 bits, or one of run-length coded indices, into the mode Pillow gives it. */
export function decodeBmp(bytes: Uint8Array, limits: Limits): Samples {
  const header = bmpHeader(bytes, limits);
  const { width, height, bits, mode, palette } = header;
  if (header.packed) {
    const data = unpackRle(bytes, header, limits.label);
    return palette ? { width, height, mode, data, palette } : { width, height, mode, data };
  }
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (header.dataOffset + stride * height > bytes.length) {
    throw truncated(limits.label, `BMP of ${bytes.length} bytes lacks some of its ${height} rows`);
  }
  if (header.dataOffset < 26) throw corrupt(limits.label, "BMP whose pixels overlap its header");
  const samples = mode === "RGBA" ? 4 : mode === "RGB" ? 3 : 1;
  const data = new Uint8Array(width * height * samples);
  for (let y = 0; y < height; y++) {
    const from = header.dataOffset + stride * (header.topDown ? y : height - 1 - y);
    const row = bytes.subarray(from, from + stride);
    const out = data.subarray(y * width * samples, (y + 1) * width * samples);
    if (bits <= 8) indices(row, bits, mode === "1" ? 255 : 1, out);
    else if (bits === 24) colours24(row, out);
    else coloursMasked(row, bits / 8, header.masks!, samples, out);
  }
  return palette ? { width, height, mode, data, palette } : { width, height, mode, data };
}

function indices(row: Uint8Array, bits: number, scale: number, out: Uint8Array): void {
  const mask = (1 << bits) - 1;
  for (let x = 0; x < out.length; x++) {
    out[x] = ((row[(x * bits) >> 3] >> (8 - bits - ((x * bits) & 7))) & mask) * scale;
  }
}

function colours24(row: Uint8Array, out: Uint8Array): void {
  for (let i = 0; i < out.length; i += 3) {
    out[i] = row[i + 2];
    out[i + 1] = row[i + 1];
    out[i + 2] = row[i];
  }
}

function coloursMasked(
  row: Uint8Array,
  pixelBytes: number,
  masks: readonly number[],
  samples: number,
  out: Uint8Array,
): void {
  for (let x = 0; x * samples < out.length; x++) {
    let pixel = 0;
    for (let b = 0; b < pixelBytes; b++) pixel |= row[x * pixelBytes + b] << (8 * b);
    for (let c = 0; c < samples; c++) {
      const mask = masks[c];
      const shift = lowestBit(mask);
      const top = mask >>> shift;
      out[x * samples + c] = top === 0 ? 0 : Math.floor((((pixel & mask) >>> shift) * 255) / top);
    }
  }
}

function lowestBit(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
}
