import { promisify } from "node:util";
import { inflate } from "node:zlib";
import { systemCode } from "../errors.js";
import { type ImageHeader, type Raster, type RasterMode, SAMPLES } from "../raster.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";
import { unfilter } from "./unfilter.js";

// This reader exists because pngjs, which writes PNG here, turns every file into RGBA, blackens the pixels of a tRNS colour, and
// inflates interlaced files without a bound.

const inflateAsync = promisify(inflate);

/** Mode and bit depths of each PNG colour type. */
const COLOURS: Readonly<Record<number, readonly [mode: RasterMode, depths: readonly number[]]>> = {
  0: ["L", [1, 2, 4, 8, 16]],
  2: ["RGB", [8, 16]],
  3: ["P", [1, 2, 4, 8]],
  4: ["LA", [8, 16]],
  6: ["RGBA", [8, 16]],
};

interface PngHeader extends ImageHeader {
  readonly depth: number;
  readonly channels: number;
  readonly interlaced: boolean;
}

/** Every `dx`-th column from `x0` of every `dy`-th row from `y0`. */
type Pass = readonly [x0: number, y0: number, dx: number, dy: number];
const WHOLE: readonly Pass[] = [[0, 0, 1, 1]];
const ADAM7: readonly Pass[] = [
  ...([
    [0, 0, 8, 8],
    [4, 0, 8, 8],
    [0, 4, 4, 8],
  ] as const),
  ...([
    [2, 0, 4, 4],
    [0, 2, 2, 4],
    [1, 0, 2, 2],
    [0, 1, 1, 2],
  ] as const),
];

/** Reads the IHDR chunk, which must come first. */
export function pngHeader(bytes: Uint8Array, limits: Limits): PngHeader {
  const { label } = limits;
  if (bytes.length < 33) throw truncated(label, `PNG of only ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8) !== 13 || chunkType(bytes, 8) !== "IHDR") throw corrupt(label, "PNG without an IHDR");
  if (crc32(bytes, 12, 29) !== view.getUint32(29)) throw corrupt(label, "PNG header fails its checksum");
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const [depth, colour, compression, filter, interlace] = bytes.subarray(
    24,
    29,
  ) as Iterable<number> as number[];
  const [mode, depths] = COLOURS[colour] ?? ["L", []];
  if (!depths.includes(depth) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw corrupt(label, `PNG header with colour type ${colour} of ${depth} bits is not valid`);
  }
  checkSize(width, height, limits);
  const channels = SAMPLES[mode];
  const seen = mode === "L" && depth === 1 ? "1" : mode;
  return { format: "png", width, height, mode: seen, depth, channels, interlaced: interlace === 1 };
}

/**
 * Decodes a PNG into its own mode, as Pillow 9 does: 1-bit gray as 0/255, 2 and 4 bits stretched to 8, RGB of 16
 * bits cut to its high byte, tRNS ignored (`convert("RGB")` drops it). One deviation: gray of 16 bits is cut to
 * its high byte too, where Pillow keeps 32-bit integers and then clips everything above 255 to white.
 */
export async function decodePng(bytes: Uint8Array, limits: Limits): Promise<Raster> {
  const header = pngHeader(bytes, limits);
  const { parts, palette } = readChunks(bytes, header, limits.label);
  const passes = header.interlaced ? ADAM7 : WHOLE;
  let expected = 0;
  for (const pass of passes) {
    const { rows, rowBytes } = passSize(header, pass);
    expected += rows * (1 + rowBytes);
  }
  const packed = await inflateExactly(parts, expected, limits.label);
  const data = new Uint8Array(header.width * header.height * header.channels);
  const pixelBytes = Math.max(1, (header.depth * header.channels) >> 3);
  let offset = 0;
  for (const pass of passes) {
    const { columns, rows, rowBytes } = passSize(header, pass);
    if (rows === 0) continue;
    const filters = packed.subarray(offset, offset + rows * (1 + rowBytes));
    if (!unfilter(filters, rows, rowBytes, pixelBytes)) {
      throw corrupt(limits.label, "PNG with an unknown row filter");
    }
    for (let r = 0; r < rows; r++) {
      const row = filters.subarray(r * (1 + rowBytes) + 1, (r + 1) * (1 + rowBytes));
      placeRow(row, columns, header, pass, r, data);
    }
    offset += filters.length;
  }
  const { width, height, mode } = header;
  return palette ? { width, height, mode, data, palette } : { width, height, mode, data };
}

function passSize(header: PngHeader, [x0, y0, dx, dy]: Pass) {
  const columns = Math.ceil(Math.max(0, header.width - x0) / dx);
  const rows = columns === 0 ? 0 : Math.ceil(Math.max(0, header.height - y0) / dy);
  return { columns, rows, rowBytes: Math.ceil((columns * header.channels * header.depth) / 8) };
}

/** Unpacks the samples of a pass's row number `r` to 8 bits at their place in `data`. */
function placeRow(
  row: Uint8Array,
  columns: number,
  header: PngHeader,
  [x0, y0, dx, dy]: Pass,
  r: number,
  data: Uint8Array,
): void {
  const { depth, channels } = header;
  const line = (y0 + r * dy) * header.width;
  if (depth === 8 && dx === 1) {
    data.set(row, line * channels);
    return;
  }
  const mask = (1 << Math.min(depth, 8)) - 1;
  const scale = header.mode === "P" ? 1 : 255 / mask;
  for (let x = 0, s = 0; x < columns; x++) {
    let to = (line + x0 + x * dx) * channels;
    for (let c = 0; c < channels; c++, s++, to++) {
      if (depth >= 8) data[to] = row[depth === 16 ? s * 2 : s];
      else data[to] = ((row[(s * depth) >> 3] >> (8 - depth - ((s * depth) & 7))) & mask) * scale;
    }
  }
}

/** Collects IDAT and PLTE. IDAT needs no CRC of its own: zlib's checksum covers it. */
function readChunks(bytes: Uint8Array, header: PngHeader, label: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Uint8Array[] = [];
  let palette: Uint8Array | undefined;
  for (let at = 33; ; ) {
    // A file without IEND is accepted where its pixels are whole, as in Pillow; inflating shows whether they are.
    if (at + 12 > bytes.length) break;
    const length = view.getUint32(at);
    const type = chunkType(bytes, at);
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (at + 12 + length > bytes.length) throw truncated(label, `PNG ends inside its ${type} chunk`);
    if (type === "IEND") break;
    if (type === "IDAT") parts.push(body);
    else if (type === "PLTE") {
      if (crc32(bytes, at + 4, at + 8 + length) !== view.getUint32(at + 8 + length)) {
        throw corrupt(label, "PNG palette fails its checksum");
      }
      if (length % 3 !== 0 || length > 768) throw corrupt(label, `PNG palette of ${length} bytes`);
      if (header.mode === "P") {
        palette = new Uint8Array(768);
        palette.set(body);
      }
    } else if (/^[A-Z]/.test(type)) throw unsupported(label, `PNG with an unknown critical chunk "${type}"`);
    at += 12 + length;
  }
  if (header.mode === "P" && !palette) throw corrupt(label, "PNG of palette colours without a palette");
  if (parts.length === 0) throw truncated(label, "PNG without image data");
  return { parts, palette };
}

/** Inflates to exactly the size that the header declares. More is never allocated, and less is an error. */
async function inflateExactly(
  parts: readonly Uint8Array[],
  expected: number,
  label: string,
): Promise<Uint8Array> {
  const joined = parts.length === 1 ? parts[0] : Buffer.concat(parts);
  try {
    const chunkSize = Math.min(Math.max(expected, 64), 1 << 20);
    const packed = await inflateAsync(joined, { maxOutputLength: expected, chunkSize });
    if (packed.length === expected) return packed;
    throw truncated(label, `PNG holds ${packed.length} of the ${expected} bytes its header declares`);
  } catch (error) {
    switch (systemCode(error)) {
      case "ERR_BUFFER_TOO_LARGE":
        throw corrupt(label, `PNG inflates to more than the ${expected} bytes its header declares`);
      case "Z_BUF_ERROR":
        throw truncated(label, "PNG image data end early");
      case "Z_DATA_ERROR":
      case "Z_NEED_DICT":
        throw corrupt(label, "PNG image data are damaged");
      default:
        throw error;
    }
  }
}

function chunkType(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at + 4, at + 8));
}

/** The CRC of ISO 3309 over `bytes[from, to)`, bit by bit, since only chunks below 1 KB are checked. */
export function crc32(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0xffffffff;
  for (let i = from; i < to; i++) {
    crc ^= bytes[i];
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
