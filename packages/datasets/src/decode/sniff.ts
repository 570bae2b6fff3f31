import { ImageError } from "../errors.js";

export type ImageFormat = "png" | "bmp" | "jpeg" | "jp2" | "webp" | "tiff" | "gif" | "pnm";

/** The first bytes of each format that is read; `?` stands for any byte. */
const READ: readonly (readonly [ImageFormat, string])[] = [
  ["png", "\x89PNG\r\n\x1a\n"],
  ["jpeg", "\xff\xd8\xff"],
  ["jp2", "\0\0\0\x0cjP  \r\n\x87\n"],
  ["jp2", "\xff\x4f\xff\x51"],
  ["bmp", "BM"],
  ["webp", "RIFF????WEBP"],
  ["tiff", "II*\0"],
  ["tiff", "MM\0*"],
  ["tiff", "II+\0"],
  ["tiff", "MM\0+"],
  ["gif", "GIF87a"],
  ["gif", "GIF89a"],
];

/** Files that are often given by mistake: their name, a remedy, and the first bytes of each. */
export const REFUSED: readonly (readonly [what: string, mend: string, ...magics: string[]])[] = [
  ["a Git LFS pointer, not the image itself", "run `git lfs pull`", "version https://git-lfs"],
  ["a web page", "download the image itself", "<!DOCTYPE", "<html"],
  ["an SVG drawing", "export it as PNG", "<svg"],
  ["an XML file", "give a PNG or JPEG", "<?xml"],
  ["a ZIP archive", "unpack it first", "PK\x03\x04"],
  ["a gzip archive", "unpack it first", "\x1f\x8b"],
  ["a PDF document", "export the page as PNG", "%PDF"],
  ["a NumPy array", "save it as PNG", "\x93NUMPY"],
  ["a HEIC, AVIF or video file", "convert it to PNG or JPEG", "????ftyp"],
  ["a JPEG 2000 image whose start is damaged", "copy it again", "\0\0\0\x0cjP"],
  ["a JPEG XL image", "convert it to PNG or TIFF", "\0\0\0\x0cJXL", "\xff\x0a"],
];

/** Endings of raw files of cameras, which begin as a TIFF does. */
const RAW = /\.(dng|cr[23w]|nef|nrw|arw|srf|sr2|orf|rw2|pef|raw|3fr|iiq)$/i;

/** The format of an image by its content, whatever its name, raw files of cameras excepted. @throws ImageError for any other content. */
export function sniffFormat(bytes: Uint8Array, label: string): ImageFormat {
  if (bytes.length === 0) {
    throw new ImageError("empty", label, "the file is empty", "copy or download the image again");
  }
  const start = String.fromCharCode(...bytes.subarray(0, 512));
  const format = READ.find(([, magic]) => begins(start, magic))?.[0];
  if (!format && /^P(7\n|[1-6fF][\s#])/.test(start)) return "pnm";
  if (format === "tiff" && RAW.test(label)) {
    const problem = "this is a camera's raw file, whose TIFF shows a small preview alone";
    throw new ImageError("not-an-image", label, problem, "export it as TIFF or PNG");
  }
  if (format) return format;
  for (const [what, mend, ...magics] of REFUSED) {
    if (magics.some((magic) => begins(start.trimStart(), magic) || begins(start, magic))) {
      throw new ImageError("not-an-image", label, `this is ${what}`, mend);
    }
  }
  const isText = !/[^\t\n\f\r -~\x80-\xff]/.test(start);
  throw new ImageError(
    "not-an-image",
    label,
    isText ? "this is a text file, not an image" : "its content is no image format we know",
    "give a PNG, JPEG, JPEG 2000, BMP, WebP, TIFF, GIF or PNM",
  );
}

function begins(start: string, magic: string): boolean {
  if (start.length < magic.length) return false;
  for (let i = 0; i < magic.length; i++) if (magic[i] !== "?" && magic[i] !== start[i]) return false;
  return true;
}
