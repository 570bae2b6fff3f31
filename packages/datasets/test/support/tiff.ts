import { deflateSync } from "node:zlib";

export interface Tiff {
  readonly width: number;
  readonly height: number;
  /** Interleaved, rows from the top. */
  readonly values: readonly number[];
  readonly channels?: number;
  /** Samples that are no whole bytes are packed, each row beginning a byte. */
  readonly bits?: number;
  /** Unsigned, signed or floating point. */
  readonly kind?: "uint" | "int" | "float";
  readonly big?: boolean;
  readonly bigEndian?: boolean;
  readonly planar?: boolean;
  /** Side of tiles; strips of one row without it. */
  readonly tile?: number;
  readonly deflate?: boolean;
  /** 2 sums up neighbours, 3 bytes of floats; `values` are what is read. */
  readonly predictor?: 2 | 3;
  readonly orientation?: number;
  readonly photometric?: number;
  readonly compression?: number;
  /** Depths of the samples as the tag says them, where they are not `bits` each. */
  readonly depths?: readonly number[];
  readonly format?: number;
}

/** Half-precision numbers, and their bits (IEEE 754). */
const halves = new Map<number, number>([
  [0, 0],
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [0.333251953125, 0x3555],
  [2 ** -14, 0x0400],
  [2 ** -24, 1],
]);
/** A TIFF whose directory stands before its pixels, so that a cut file keeps it. */
export function tiff(image: Tiff): Buffer {
  const { width, height, channels = 1, bits = 8, kind = "uint", tile, planar, big, bigEndian } = image;
  const put = (size: number, value: number): Buffer => {
    const out = Buffer.alloc(size);
    if (size === 8) out.writeBigUInt64LE(BigInt(value));
    else out.writeUIntLE(value, 0, size);
    return bigEndian ? out.reverse() : out;
  };
  const wrap = (value: number) => ((value % 2 ** bits) + 2 ** bits) % 2 ** bits;
  const sample = (value: number): Buffer => {
    const out = Buffer.alloc(bits / 8);
    if (kind === "float" && bits === 64) out.writeDoubleLE(value);
    else if (kind === "float" && bits === 16) out.writeUInt16LE(halves.get(value)!);
    else if (kind === "float") out.writeFloatLE(value);
    else if (bits === 64) out.writeBigInt64LE(BigInt(value));
    else out.writeUIntLE(wrap(value), 0, bits / 8);
    return bigEndian ? out.reverse() : out;
  };
  /** A row of samples, as bytes. */
  const pack = (row: readonly number[], channels: number): Buffer => {
    if (bits % 8) {
      const text = row
        .map((value) => (value < 0 ? value + 2 ** bits : value).toString(2).padStart(bits, "0"))
        .join("");
      return Buffer.from(text.match(/.{1,8}/g)!.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)));
    }
    if (image.predictor === 2)
      return Buffer.concat(row.map((value, i) => sample(wrap(value - (row[i - channels] ?? 0)))));
    const bytes = Buffer.concat(row.map(sample));
    if (image.predictor !== 3) return bytes;
    const size = bits / 8;
    const high = Array.from({ length: size }, (_, b) => (bigEndian ? b : size - 1 - b));
    const planes = high.flatMap((b) => row.map((_, i) => bytes[i * size + b]));
    return Buffer.from(planes.map((byte, i) => byte - (planes[i - channels] ?? 0)));
  };
  const [columns, rows] = tile ? [tile, tile] : [width, 1];
  const parts: Buffer[] = [];
  for (const plane of planar ? Array.from({ length: channels }, (_, c) => [c]) : [undefined]) {
    for (let top = 0; top < height; top += rows) {
      for (let left = 0; left < width; left += columns) {
        const lines: Buffer[] = [];
        for (let y = top; y < top + rows; y++) {
          const line: number[] = [];
          for (let x = left; x < left + columns; x++) {
            for (const c of plane ?? Array.from({ length: channels }, (_, c) => c)) {
              const inside = x < width && y < height;
              line.push(inside ? image.values[(y * width + x) * channels + c] : 0);
            }
          }
          lines.push(pack(line, plane ? 1 : channels));
        }
        const part = Buffer.concat(lines);
        parts.push(image.deflate ? deflateSync(part) : part);
      }
    }
  }
  const word = big ? 8 : 4;
  const [places, sizes] = tile ? [324, 325] : [273, 279];
  const each = (value: number) => Array.from({ length: channels }, () => value);
  const tags: [tag: number, type: number, values: number[]][] = [
    [256, 4, [width]],
    [257, 4, [height]],
    [258, 3, [...(image.depths ?? each(bits))]],
    [259, 3, [image.compression ?? (image.deflate ? 8 : 1)]],
    [262, 3, [image.photometric ?? (channels >= 3 ? 2 : 1)]],
    [274, 3, [image.orientation ?? 1]],
    [277, 3, [channels]],
    [278, 4, [1]],
    [284, 3, [planar ? 2 : 1]],
    [317, 3, [image.predictor ?? 1]],
    [322, 4, [tile ?? 0]],
    [323, 4, [tile ?? 0]],
    [339, 3, each(image.format ?? { uint: 1, int: 2, float: 3 }[kind])],
    [places, big ? 16 : 4, parts.map(() => 0)],
    [sizes, 4, parts.map(({ length }) => length)],
  ];
  const wanted = tags.filter(([tag]) => (tile ? tag !== 278 : tag !== 322 && tag !== 323));
  wanted.sort(([a], [b]) => a - b);
  const typeBytes = (type: number) => ({ 3: 2, 4: 4, 16: 8 })[type] as number;
  const header = big ? 16 : 8;
  const directory = (big ? 8 : 2) + wanted.length * (big ? 20 : 12) + word;
  const outside = wanted
    .map(([, type, values]) => typeBytes(type) * values.length)
    .map((n) => (n > word ? n : 0));
  const first = header + directory + outside.reduce((sum, n) => sum + n, 0);
  let next = first;
  for (const tag of wanted) {
    if (tag[0] !== places) continue;
    tag[2] = parts.map(({ length }) => {
      next += length;
      return next - length;
    });
  }
  const entries: Buffer[] = [];
  const more: Buffer[] = [];
  let at = header + directory;
  for (const [tag, type, values] of wanted) {
    const body = Buffer.concat(values.map((value) => put(typeBytes(type), value)));
    entries.push(put(2, tag), put(2, type), put(word, values.length));
    if (body.length > word) {
      entries.push(put(word, at));
      more.push(body);
      at += body.length;
    } else entries.push(body, Buffer.alloc(word - body.length));
  }
  return Buffer.concat([
    Buffer.from(bigEndian ? "MM" : "II"),
    put(2, big ? 43 : 42),
    ...(big ? [put(2, 8), put(2, 0)] : []),
    put(word, header),
    put(big ? 8 : 2, wanted.length),
    ...entries,
    put(word, 0),
    ...more,
    ...parts,
  ]);
}
