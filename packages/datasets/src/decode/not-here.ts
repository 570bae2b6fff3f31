import { type Limits, unsupported } from "./limits.js";
import type { Orientation } from "./orientation.js";

// What bundles for browsers take in place of `jp2.ts` and `tiff.ts`, as package.json says: their decoders would more than double a page.

const refused =
  (format: string) =>
  (_bytes: Uint8Array, { label }: Limits): never => {
    throw unsupported(label, `${format}, which is not read in a browser`);
  };

export const [jp2Header, decodeJp2] = [refused("a JPEG 2000"), refused("a JPEG 2000")];
export const [tiffHeader, decodeTiff] = [refused("a TIFF"), refused("a TIFF")];
export const jp2Orientation = (_bytes: Uint8Array): Orientation => 1;
export const tiffOrientation = (_bytes: Uint8Array): Orientation => 1;
