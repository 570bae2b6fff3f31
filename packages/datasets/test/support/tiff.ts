import { deflateSync } from "node:zlib";

export interface Tiff {
  readonly width: number;
  readonly height: number;
  /** Interleaved, rows from the top. */
  readonly values: readonly number[];
  readonly channels?: number;
  readonly bits?: 8 | 16 | 32 | 64;
  /** Unsigned, signed or floating point. */
  readonly kind?: "uint" | "int" | "float";
  readonly big?: boolean;
  readonly bigEndian?: boolean;
  readonly planar?: boolean;
  /** Side of tiles; strips of one row without it. */
  readonly tile?: number;
  readonly deflate?: boolean;
  readonly orientation?: number;
}

/** A TIFF whose directory stands before its pixels, so that a cut file keeps it. */
export function tiff(image: Tiff): Buffer {
  const { width, height, channels = 1, bits = 8, kind = "uint", tile, planar, big, bigEndian } = image;
  const put = (size: number, value: number): Buffer => {
    const out = Buffer.alloc(size);
    if (size === 8) out.writeBigUInt64LE(BigInt(value));
    else out.writeUIntLE(value, 0, size);
    return bigEndian ? out.reverse() : out;
  };
  const sample = (value: number): Buffer => {
    const out = Buffer.alloc(bits / 8);
    if (kind === "float" && bits === 64) out.writeDoubleLE(value);
    else if (kind === "float") out.writeFloatLE(value);
    else if (kind === "int") out.writeIntLE(value, 0, bits / 8);
    else out.writeUIntLE(value, 0, bits / 8);
    return bigEndian ? out.reverse() : out;
  };
  const [columns, rows] = tile ? [tile, tile] : [width, 1];
  const parts: Buffer[] = [];
  for (const plane of planar ? Array.from({ length: channels }, (_, c) => [c]) : [undefined]) {
    for (let top = 0; top < height; top += rows) {
      for (let left = 0; left < width; left += columns) {
        const values: Buffer[] = [];
        for (let y = top; y < top + rows; y++) {
          for (let x = left; x < left + columns; x++) {
            for (const c of plane ?? Array.from({ length: channels }, (_, c) => c)) {
              const inside = x < width && y < height;
              values.push(sample(inside ? image.values[(y * width + x) * channels + c] : 0));
            }
          }
        }
        const part = Buffer.concat(values);
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
    [258, 3, each(bits)],
    [259, 3, [image.deflate ? 8 : 1]],
    [262, 3, [channels >= 3 ? 2 : 1]],
    [274, 3, [image.orientation ?? 1]],
    [277, 3, [channels]],
    [278, 4, [1]],
    [284, 3, [planar ? 2 : 1]],
    [322, 4, [tile ?? 0]],
    [323, 4, [tile ?? 0]],
    [339, 3, each({ uint: 1, int: 2, float: 3 }[kind])],
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
