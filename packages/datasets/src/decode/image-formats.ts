import type { ImageFormat } from "./sniff.js";

/** What is read of an image format. */
interface FormatFacts {
  readonly title: string;
  readonly read: string;
  /** What of the format is refused, each file by name; "" where nothing is. */
  readonly refused: string;
}

/** Every format that is read. `npm run docs:formats` makes a table of it. */
export const IMAGE_FORMATS: Readonly<Record<ImageFormat, FormatFacts>> = {
  png: {
    title: "PNG",
    read: "1 to 16 bits; gray, palette, RGB, with or without alpha; interlaced; of APNG the still picture",
    refused: "",
  },
  jpeg: {
    title: "JPEG",
    read: "baseline and progressive; gray, YCbCr, RGB, CMYK and YCCK; of MPO the first picture",
    refused: "",
  },
  bmp: {
    title: "BMP",
    read: "1, 4, 8, 16, 24 and 32 bits; run-length coded with 4 and 8 bits; bit fields; headers of OS/2 and Windows",
    refused: "JPEG or PNG inside",
  },
  webp: { title: "WebP", read: "lossy and lossless, with alpha; the first frame", refused: "" },
  tiff: {
    title: "TIFF, BigTIFF",
    read: "bilevel, 8 and 16 bits, signed or not, 32-bit integers, 32 and 64-bit floating point; gray, palette, RGB, CMYK, alpha; strips and tiles, contiguous or planar; the first page",
    refused:
      "other colour spaces, such as Lab; strips or tiles beyond the end of the file; raw files of cameras",
  },
  gif: { title: "GIF", read: "the first frame; transparent pixels have the palette's colour", refused: "" },
  pnm: {
    title: "PBM, PGM, PPM, PFM",
    read: "P1 to P6 with values up to 65535, text and binary; Pf and PF in floating point",
    refused: "PAM (P7)",
  },
};
