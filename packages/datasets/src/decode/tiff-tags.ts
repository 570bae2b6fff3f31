/** Bytes of a value of the types of whole numbers: BYTE, SHORT, LONG, their signed forms, IFD, LONG8, SLONG8 and IFD8. */
const SIZES: Readonly<Record<number, number>> = {
  ...{ 1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4 },
  ...{ 16: 8, 17: 8, 18: 8 },
};

/** Reads tags of the first directory; undefined for those that are absent, of other types, or beyond the file. */
export interface Tags {
  readonly little: boolean;
  read(tag: number): number[] | undefined;
}

/** The tags of a TIFF or BigTIFF. */
export function tagsOf(bytes: Uint8Array): Tags {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const fits = (at: number, size: number) => at + size <= bytes.length;
  const word = (at: number, size: number): number => {
    if (size === 1) return view.getUint8(at);
    if (size === 2) return view.getUint16(at, little);
    return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  };
  const big = fits(2, 2) && word(2, 2) === 43;
  const [width, entryBytes, countBytes] = big ? [8, 20, 8] : [4, 12, 2];
  const start = big ? 8 : 4;
  const directory = fits(start, width) ? word(start, width) : bytes.length;
  const entries = fits(directory, countBytes) ? word(directory, countBytes) : 0;
  const read = (tag: number): number[] | undefined => {
    for (let i = 0, at = directory + countBytes; i < entries && fits(at, entryBytes); i++, at += entryBytes) {
      if (word(at, 2) !== tag) continue;
      const size = SIZES[word(at + 2, 2)];
      const count = word(at + 4, width);
      const inline = at + 4 + width;
      const from = size * count <= width ? inline : word(inline, width);
      if (!size || !fits(from, size * count)) return undefined;
      return Array.from({ length: count }, (_, k) => word(from + k * size, size));
    }
    return undefined;
  };
  return { little, read };
}
