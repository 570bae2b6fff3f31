import { corrupt, truncated } from "./limits.js";

/** What of a BMP's header tells how its runs lie. */
interface RunHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly topDown: boolean;
  readonly dataOffset: number;
}

/** Indices of a BMP in runs (RLE4 or RLE8), rows from the top. Pixels that no run covers have index 0. */
export function unpackRle(bytes: Uint8Array, header: RunHeader, label: string): Uint8Array {
  const { width, height, bits, topDown } = header;
  const data = new Uint8Array(width * height);
  let [at, x, y] = [header.dataOffset, 0, 0];
  const next = () => {
    if (at >= bytes.length) throw truncated(label, `BMP ends in row ${y} of its ${height}`);
    return bytes[at++];
  };
  const put = (index: number) => {
    if (y >= height) throw corrupt(label, "BMP with runs below its last row");
    // As in Pillow, what a run has beyond the right edge is left out.
    if (x < width) data[(topDown ? y : height - 1 - y) * width + x++] = index;
  };
  /** The `i`-th index of a run of bytes: with four bits a byte holds two, the high one first. */
  const half = (byte: number, i: number) => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  for (;;) {
    const [count, value] = [next(), next()];
    if (count > 0) {
      for (let i = 0; i < count; i++) put(half(value, i));
    } else if (value === 0) {
      [x, y] = [0, y + 1];
      if (y === height) return data;
    } else if (value === 1) {
      return data;
    } else if (value === 2) {
      [x, y] = [x + next(), y + next()];
    } else {
      const size = bits === 8 ? value : Math.ceil(value / 2);
      const run = Array.from({ length: size }, next);
      for (let i = 0; i < value; i++) put(half(run[bits === 8 ? i : i >> 1], i));
      if (size % 2 === 1) next();
    }
  }
}
