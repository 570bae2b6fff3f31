import { truncated } from "./limits.js";
import { tagsOf } from "./tiff-tags.js";

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
