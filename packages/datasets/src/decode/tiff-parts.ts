import { corrupt, truncated } from "./limits.js";

/** Bytes of a value of the types that offsets and sizes have: SHORT, LONG, LONG8. */
const SIZES: Readonly<Record<number, number>> = { 3: 2, 4: 4, 16: 8 };

/** Tags of the offsets and the sizes in bytes of strips, and of tiles. */
const PARTS = [
  [273, 279],
  [324, 325],
] as const;

/**
 * Refuses a TIFF or BigTIFF with strips or tiles of its first image that are empty or reach beyond the file, since libtiff leaves
 * such tiles black. Tags it cannot read are left to libtiff.
 *
 * @returns what the image is made of.
 */
export function checkTiffParts(bytes: Uint8Array, label: string): "strips" | "tiles" {
  const { read } = tagsOf(bytes);
  for (const [places, lengths] of PARTS) {
    const [offsets, sizes] = [read(places), read(lengths)];
    if (!offsets || !sizes) continue;
    const lacking = offsets.findIndex((offset, i) => !(sizes[i] > 0) || offset + sizes[i] > bytes.length);
    if (lacking < 0) continue;
    const what = places === 273 ? "strip" : "tile";
    throw truncated(label, `TIFF of ${bytes.length} bytes lacks ${what} ${lacking + 1} of ${offsets.length}`);
  }
  return read(324) ? "tiles" : "strips";
}

/** A copy of a TIFF of signed integers that says they are unsigned. */
export function asUnsigned(bytes: Uint8Array, label: string): Uint8Array {
  const copy = new Uint8Array(bytes);
  const { place, little } = tagsOf(copy);
  const found = place(339);
  if (!found) throw corrupt(label, "TIFF that does not say what its samples are");
  const { from, count } = found;
  const view = new DataView(copy.buffer);
  for (let i = 0; i < count; i++) view.setUint16(from + 2 * i, 1, little);
  return copy;
}

/** Where the values of a tag lie. */
interface Place {
  readonly from: number;
  readonly count: number;
  /** Bytes of a value. */
  readonly size: number;
}

/** Finds tags of the first directory; undefined for those that are absent, of other types, or beyond the file. */
function tagsOf(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const big = view.getUint16(2, little) === 43;
  const word = (at: number, size: number): number => {
    if (size === 2) return view.getUint16(at, little);
    return size === 4 ? view.getUint32(at, little) : Number(view.getBigUint64(at, little));
  };
  const [width, entryBytes, countBytes] = big ? [8, 20, 8] : [4, 12, 2];
  const fits = (at: number, size: number) => at + size <= bytes.length;
  const directory = fits(8, 8) ? word(big ? 8 : 4, width) : bytes.length;
  const entries = fits(directory, countBytes) ? word(directory, countBytes) : 0;
  const place = (tag: number): Place | undefined => {
    for (let i = 0, at = directory + countBytes; i < entries && fits(at, entryBytes); i++, at += entryBytes) {
      if (word(at, 2) !== tag) continue;
      const size = SIZES[word(at + 2, 2)];
      const count = word(at + 4, width);
      const inline = at + 4 + width;
      const from = size * count <= width ? inline : word(inline, width);
      return size && fits(from, size * count) ? { from, count, size } : undefined;
    }
    return undefined;
  };
  const read = (tag: number): number[] | undefined => {
    const found = place(tag);
    return (
      found && Array.from({ length: found.count }, (_, i) => word(found.from + i * found.size, found.size))
    );
  };
  return { place, read, little };
}
