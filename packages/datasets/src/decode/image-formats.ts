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
    refused: "12 bits, lossless",
  },
  jp2: {
    title: "JPEG 2000",
    read: ".jp2, .jpx, .j2k; 1 to 16 bits, signed gray; gray, RGB, YCbCr, palette, with or without alpha; lossy and lossless; the first picture; decoded by OpenJPEG",
    refused:
      "CMYK, Lab, more than 4 channels, channels of different depths or sizes (chroma excepted), an area that does not begin at 0, 0",
  },
  bmp: {
    title: "BMP",
    read: "1, 4, 8, 16, 24 and 32 bits; run-length coded with 4 and 8 bits; bit fields; headers of OS/2 and Windows",
    refused: "JPEG or PNG inside",
  },
  webp: { title: "WebP", read: "lossy and lossless, with alpha; the first frame", refused: "" },
  tiff: {
    title: "TIFF, BigTIFF",
    read: "1 to 16 bits, packed ones too, 24, 32 and 64-bit integers, signed or not, floating point of 16 to 64 bits; gray, palette, RGB, CMYK, alpha; strips and tiles, contiguous or planar; LZW, Deflate, PackBits, CCITT, JPEG, WebP; the first page",
    refused:
      "Lab, LogLuv and a camera's colour mosaic; complex numbers; more than two samples a pixel that are no colours; samples of different depths; LERC, LZMA, Zstandard, JPEG 2000 and JPEG XL compression; tiles of separate planes in JPEG; strips or tiles beyond the end of the file; raw files of cameras",
  },
  gif: { title: "GIF", read: "the first frame; transparent pixels have the palette's colour", refused: "" },
  pnm: {
    title: "PBM, PGM, PPM, PAM, PFM",
    read: "P1 to P6 with values up to 65535, text and binary; P7 (PAM) bilevel, gray and RGB, with or without alpha; Pf and PF in floating point",
    refused: "PAM of other kinds of pixels or more than 4 samples a pixel",
  },
};
