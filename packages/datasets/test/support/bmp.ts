export interface Bmp {
  width: number;
  height: number;
  bits: number;
  rows: number[][];
  palette?: number[][];
  compression?: number;
  masks?: number[];
}

/** A Windows BMP; `rows` as stored, the last row of the picture first when `height` is positive. */
export function bmp({ width, height, bits, rows, palette = [], compression = 0, masks = [] }: Bmp): Buffer {
  const offset = 54 + 4 * palette.length + 4 * masks.length;
  // A lying size must not make the test allocate what the reader refuses to.
  const packed = compression === 1 || compression === 2;
  const stride = packed ? rows[0].length : Math.max(0, Math.min(Math.ceil((width * bits) / 32) * 4, 64));
  const out = Buffer.alloc(offset + stride * rows.length);
  out.write("BM");
  out.writeUInt32LE(offset, 10);
  out.writeUInt32LE(40, 14);
  out.writeInt32LE(width, 18);
  out.writeInt32LE(height, 22);
  out.writeUInt16LE(1, 26);
  out.writeUInt16LE(bits, 28);
  out.writeUInt32LE(compression, 30);
  out.writeUInt32LE(palette.length, 46);
  masks.forEach((mask, i) => {
    out.writeUInt32LE(mask, 54 + 4 * i);
  });
  palette.forEach(([r, g, b], i) => {
    out.set([b, g, r, 0], 54 + 4 * i);
  });
  rows.forEach((row, y) => {
    out.set(row.slice(0, stride), offset + stride * y);
  });
  return out;
}
