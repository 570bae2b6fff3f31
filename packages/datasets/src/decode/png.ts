import { type ImageHeader, type RasterMode, SAMPLES, type Samples } from "../raster.js";
import { inflated } from "./inflate.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";
import { exifOrientation, type Orientation } from "./orientation.js";
import { unfilter } from "./unfilter.js";

// This reader exists because pngjs, which writes PNG here, turns every file into RGBA, blackens the pixels of a tRNS colour, and
// inflates interlaced files without a bound.

/** Mode and bit depths of each PNG colour type. */
const COLOURS: Readonly<Record<number, readonly [mode: RasterMode, depths: readonly number[]]>> = {
  0: ["L", [1, 2, 4, 8, 16]],
  2: ["RGB", [8, 16]],
  3: ["P", [1, 2, 4, 8]],
  4: ["LA", [8, 16]],
  6: ["RGBA", [8, 16]],
};

interface PngHeader extends ImageHeader {
  /** Bits of a sample as stored, 1 to 16. */
  readonly bits: number;
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
  const [bits, colour, compression, filter, interlace] = bytes.subarray(
    24,
    29,
  ) as Iterable<number> as number[];
  const [mode, depths] = COLOURS[colour] ?? ["L", []];
  if (!depths.includes(bits) || compression !== 0 || filter !== 0 || interlace > 1) {
    throw corrupt(label, `PNG header with colour type ${colour} of ${bits} bits is not valid`);
  }
  const channels = SAMPLES[mode];
  const depth = bits === 16 ? 16 : 8;
  checkSize(width, height, limits, (channels * depth) / 8);
  const seen = mode === "L" && bits === 1 ? "1" : mode;
  return { format: "png", width, height, mode: seen, depth, bits, channels, interlaced: interlace === 1 };
}

/**
 * Decodes a PNG into its own mode: 1-bit gray as 0/255, 2 and 4 bits stretched to 8, 16 bits as they are, tRNS ignored as by
 * Pillow's `convert("RGB")`. Rows are unpacked as they are inflated, so that only the result is held whole.
 */
export async function decodePng(bytes: Uint8Array, limits: Limits): Promise<Samples> {
  const header = pngHeader(bytes, limits);
  const { parts, palette } = readChunks(bytes, header, limits.label);
  const { width, height, mode, channels } = header;
  const count = width * height * channels;
  const data = header.bits === 16 ? new Uint16Array(count) : new Uint8Array(count);
  await readRows(parts, header, limits.label, (row, place) => placeRow(row, header, place, data));
  if (palette) return { width, height, mode, data, palette };
  return { width, height, mode, data, top: header.bits === 16 ? 65535 : 255 };
}

/** A row of a pass. */
interface Place {
  readonly pass: Pass;
  readonly row: number;
  readonly columns: number;
  /** Bytes of the row after its filter byte. */
  readonly size: number;
}

/** The rows in the order they are stored in. */
function* placesOf(header: PngHeader): Generator<Place> {
  for (const pass of header.interlaced ? ADAM7 : WHOLE) {
    const { columns, rows, rowBytes: size } = passSize(header, pass);
    for (let row = 0; row < rows; row++) yield { pass, row, columns, size };
  }
}

/** Inflates row after row. More or fewer bytes than the header declares are an error, and are never held. */
async function readRows(
  parts: readonly Uint8Array[],
  header: PngHeader,
  label: string,
  take: (row: Uint8Array, place: Place) => void,
): Promise<void> {
  const places = placesOf(header);
  const pixelBytes = Math.max(1, (header.bits * header.channels) >> 3);
  let place: Place | undefined = places.next().value as Place;
  let [row, above] = [new Uint8Array(1 + place.size), new Uint8Array(1 + place.size)];
  let [filled, total] = [0, 0];
  for await (const chunk of inflated(parts, label)) {
    total += chunk.length;
    for (let at = 0; at < chunk.length; ) {
      if (!place) throw corrupt(label, "PNG inflates to more than the size its header declares");
      const some = chunk.subarray(at, at + row.length - filled);
      row.set(some, filled);
      [at, filled] = [at + some.length, filled + some.length];
      if (filled < row.length) break;
      if (!unfilter(row[0], row.subarray(1), above.subarray(1), pixelBytes)) {
        throw corrupt(label, "PNG with an unknown row filter");
      }
      take(row.subarray(1), place);
      const next: Place | undefined = places.next().value;
      if (next?.pass === place.pass) [row, above] = [above, row];
      else if (next) [row, above] = [new Uint8Array(1 + next.size), new Uint8Array(1 + next.size)];
      [place, filled] = [next, 0];
    }
  }
  if (place) throw truncated(label, `PNG holds ${total} bytes of pixels, fewer than its header declares`);
}

function passSize(header: PngHeader, [x0, y0, dx, dy]: Pass) {
  const columns = Math.ceil(Math.max(0, header.width - x0) / dx);
  const rows = columns === 0 ? 0 : Math.ceil(Math.max(0, header.height - y0) / dy);
  return { columns, rows, rowBytes: Math.ceil((columns * header.channels * header.bits) / 8) };
}

/** Unpacks a row to its place in `data`. */
function placeRow(
  row: Uint8Array,
  header: PngHeader,
  { pass, row: r, columns }: Place,
  data: Samples["data"],
): void {
  const { bits, channels } = header;
  const [x0, y0, dx, dy] = pass;
  const line = (y0 + r * dy) * header.width;
  if (bits === 8 && dx === 1) {
    data.set(row, line * channels);
    return;
  }
  const mask = (1 << Math.min(bits, 8)) - 1;
  const scale = header.mode === "P" ? 1 : 255 / mask;
  for (let x = 0, s = 0; x < columns; x++) {
    let to = (line + x0 + x * dx) * channels;
    for (let c = 0; c < channels; c++, s++, to++) {
      if (bits === 16) data[to] = (row[2 * s] << 8) | row[2 * s + 1];
      else if (bits === 8) data[to] = row[s];
      else data[to] = ((row[(s * bits) >> 3] >> (8 - bits - ((s * bits) & 7))) & mask) * scale;
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

/** The orientation of a PNG by its eXIf chunk, which may stand before or behind the pixels. */
export function pngOrientation(bytes: Uint8Array): Orientation {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 33; at + 12 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = chunkType(bytes, at);
    if (type === "eXIf") return exifOrientation(bytes.subarray(at + 8, at + 8 + view.getUint32(at)));
    if (type === "IEND") break;
  }
  return 1;
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
