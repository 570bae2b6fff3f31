// Images. Libraries decode JPEG, WebP, JPEG 2000 and usual TIFFs: those get a small share.
import { decodeImage, decodeSamples, encodePng, imageHeader } from "@inctrl/datasets";
import { checkWhole, readJp2 } from "../../../packages/datasets/src/decode/jp2-boxes.ts";
import { jpegHeader } from "../../../packages/datasets/src/decode/jpeg-header.ts";
import { exifOrientation } from "../../../packages/datasets/src/decode/orientation.ts";
import { sniffFormat } from "../../../packages/datasets/src/decode/sniff.ts";
import { decodeTiff, planTiff } from "../../../packages/datasets/src/decode/tiff.ts";
import { jp2 } from "../../../packages/datasets/test/decode/jp2-files.ts";
import { tiff } from "../../../packages/datasets/test/support/tiff.ts";

const pixels = Uint8Array.from({ length: 3 * 12 * 9 }, (_, i) => (i * 37) % 251);
const png = Buffer.from(encodePng({ width: 12, height: 9, data: pixels }));
const bmp = Buffer.from(
  "424d5600000000000000360000002800000003000000020000000100180000000000200000000000000000000000000000000000000000" +
    "50".repeat(29),
  "hex",
);
const gif = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");
const webp = Buffer.from("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==", "base64");
const pnms = [
  ...["P2 2 2 9\n1 2 3 4\n", "P6 2 1 65535\nabcdefghijkl", "P4 9 1\nab", "Pf 1 1 -1.0\n\0\0\0\0"],
  "P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 4095\nTUPLTYPE RGB_ALPHA\nENDHDR\n\0a\x01b\x02c\x03d\x04e\x05f\x06g\x07h",
].map((each) => Buffer.from(each));
const exif = Buffer.from("4578696600004d4d002a000000080001011200030000000100060000", "hex");
/** Up to its frame header: EXIF, then 12 x 9 pixels of three colours. */
const jpeg = Buffer.concat([
  Buffer.from("ffd8ffe1001e", "hex"),
  exif,
  Buffer.from("ffc00011080009000c03011100021100031100", "hex"),
]);
/** First bytes of the formats that a library decodes: enough to tell them, not enough for pixels. */
const starts = ["ffd8ffe000104a46494600", "524946460000000057454250", "49492a0008000000"].map((hex) =>
  Buffer.from(hex, "hex"),
);
const small = { label: "image", maxPixels: 1e5, orientation: "follow" };
const rgb = { width: 4, height: 3, channels: 3, values: Array.from({ length: 36 }, (_, i) => i) };
/** Of those that our own reader takes. */
const tiffs = [
  tiff({ ...rgb, bits: 12 }),
  tiff({ ...rgb, bits: 64, kind: "float", predictor: 3, deflate: true }),
  tiff({ ...rgb, planar: true, tile: 16, big: true }),
];
const jp2s = [jp2("gray12.j2k"), jp2("rgba.jp2")];

const OURS = ["png", "bmp", "gif", "pnm"];
/** Hands files of our own decoders to `read`. */
const own = (read) => (bytes) => OURS.includes(sniffFormat(bytes, "image")) && read(bytes, small);

export const IMAGES = [
  ["image format", [png, bmp, gif, ...pnms, ...starts], (bytes) => void sniffFormat(bytes, "image")],
  ["image header", [png, bmp, gif, ...pnms], own(imageHeader)],
  ["PNG", [png], own(decodeSamples)],
  ["BMP", [bmp], own(decodeSamples)],
  ["GIF", [gif], own(decodeSamples)],
  ["PNM", pnms, own(decodeSamples)],
  ["header of a JPEG", [jpeg], (bytes) => void jpegHeader(bytes, small)],
  ["EXIF", [exif], (bytes) => void exifOrientation(bytes)],
  ["TIFF", tiffs, (bytes) => planTiff(bytes, small).facts && decodeTiff(bytes, small)],
  ["boxes of JPEG 2000", jp2s, (bytes) => checkWhole(readJp2(bytes, small).codestream, "image")],
  ["TIFF through libvips", tiffs, (bytes) => decodeSamples(bytes, small), 1 / 50],
  ["JPEG 2000", jp2s, (bytes) => decodeImage(bytes, small), 1 / 500],
  ["WebP", [webp], (bytes) => decodeImage(bytes, small), 1 / 50],
];
