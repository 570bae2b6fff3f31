/// <reference path="./openjpeg.d.ts" />
import { type ImageHeader, type RasterMode, SAMPLES, type Samples } from "../raster.js";
import { checkWhole, type Jp2, readJp2 } from "./jp2-boxes.js";
import { checkSize, corrupt, type Limits } from "./limits.js";
import { exifOrientation, type Orientation } from "./orientation.js";

// OpenJPEG, compiled to WebAssembly, decodes the codestream; it gives one or three channels. The boxes around them are ours.

const modeOf = ({ colours, alpha, palette }: Jp2): RasterMode => {
  const gray = colours.length === 1 && !palette;
  return gray ? (alpha === undefined ? "L" : "LA") : alpha === undefined ? "RGB" : "RGBA";
};

/** Size, mode and depth of a whole JPEG 2000 file. A palette's colours are RGB here. */
export function jp2Header(bytes: Uint8Array, limits: Limits): ImageHeader {
  const file = readJp2(bytes, limits);
  // OpenJPEG holds 4 bytes a sample.
  checkSize(file.width, file.height, limits, 4 * Math.max(file.components, file.palette ? 3 : 1));
  const depth = file.signed ? 32 : file.bits > 8 ? 16 : 8;
  return { format: "jp2", width: file.width, height: file.height, mode: modeOf(file), depth };
}

/** The orientation that EXIF names, in the box where ExifTool puts it. */
export function jp2Orientation(bytes: Uint8Array): Orientation {
  const { exif } = readJp2(bytes, { label: "", maxPixels: 0 });
  return exif ? exifOrientation(exif) : 1;
}

/** Decodes the first codestream of a JPEG 2000 file. Samples of less than 8 bits are stretched to 8; others keep their values. */
export async function decodeJp2(bytes: Uint8Array, limits: Limits): Promise<Samples> {
  const { width, height, mode } = jp2Header(bytes, limits);
  const file = readJp2(bytes, limits);
  checkWhole(file.codestream, limits.label);
  if (file.palette) {
    const { samples, channels } = await decode(bytes, file, limits.label);
    return { width, height, mode: channels === 1 ? "L" : mode, data: samples as Uint8Array, top: 255 };
  }
  const { samples: colours } = await decode(wrapped(file, file.colours), file, limits.label);
  const { alpha } = file;
  const opaque =
    alpha === undefined ? undefined : (await decode(wrapped(file, [alpha]), file, limits.label)).samples;
  const channels = SAMPLES[mode];
  const top = 2 ** file.bits - 1;
  const of = (p: number, c: number): number =>
    c < file.colours.length ? colours[p * file.colours.length + c] : opaque![p];
  const count = width * height * channels;
  const data = file.signed
    ? new Float32Array(count)
    : file.bits > 8
      ? new Uint16Array(count)
      : new Uint8Array(count);
  for (let p = 0, to = 0; p < width * height; p++) {
    for (let c = 0; c < channels; c++) data[to++] = top < 255 ? Math.round((of(p, c) * 255) / top) : of(p, c);
  }
  return { width, height, mode, data, ...(!file.signed && { top: Math.max(255, top) }) };
}

/** Runs OpenJPEG in an instance of its own, so that what a damaged file does to its memory ends with it. */
async function decode(bytes: Uint8Array, { width, height, bits, signed, palette }: Jp2, label: string) {
  const { default: load } = await import("@cornerstonejs/codec-openjpeg/decodewasmjs");
  const says: string[] = [];
  const hear = (line: string) => {
    if (line.startsWith("[ERROR]") && says.length < 3) says.push(line.slice(7).trim());
  };
  try {
    const decoder = new (await load({ print: hear, printErr: hear })).J2KDecoder();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const { width: across, height: down, componentCount: channels } = decoder.getFrameInfo();
    const out = decoder.getDecodedBuffer();
    const wide = bits > 8 && !palette;
    if (across === width && down === height && out.length === width * height * channels * (wide ? 2 : 1)) {
      const Type = !wide ? Uint8Array : signed ? Int16Array : Uint16Array;
      return {
        samples: new Type(out.buffer, out.byteOffset, out.byteLength / Type.BYTES_PER_ELEMENT),
        channels,
      };
    }
  } catch (error) {
    if (error instanceof RangeError) throw error;
    says.push("OpenJPEG stopped");
  }
  throw corrupt(label, `JPEG 2000 that cannot be decoded (${says[0] ?? "no pixels"})`);
}

const big = (size: number, ...values: number[]): Uint8Array => {
  const out = Buffer.alloc(size * values.length);
  for (const [i, value] of values.entries()) out.writeUIntBE(value, i * size, size);
  return out;
};
const box = (type: string, ...parts: Uint8Array[]): Uint8Array => {
  const body = Buffer.concat(parts);
  return Buffer.concat([big(4, 8 + body.length), Buffer.from(type, "latin1"), body]);
};

/**
 * A file of one or three of a codestream's components. A palette of one row chooses them: each channel takes a component as it is
 * (ISO/IEC 15444-1, I.5.3.5), so that files of any number of channels are decoded.
 */
function wrapped(
  { codestream, width, height, bits, signed, components, ycc }: Jp2,
  chosen: readonly number[],
): Uint8Array {
  const depth = bits - 1 + (signed ? 128 : 0);
  const space = chosen.length === 1 ? 17 : ycc ? 18 : 16;
  const header = [
    box("ihdr", big(4, height, width), big(2, components), big(1, depth, 7, 0, 0)),
    box("colr", big(1, 1, 0, 0), big(4, space)),
    box(
      "pclr",
      big(2, 1),
      big(1, chosen.length, ...chosen.map(() => depth)),
      big(Math.ceil(bits / 8), ...chosen.map(() => 0)),
    ),
    box("cmap", ...chosen.map((component) => Buffer.concat([big(2, component), big(1, 0, 0)]))),
  ];
  const brand = Buffer.from("jp2 ");
  return Buffer.concat([
    box("jP  ", big(4, 0x0d0a870a)),
    box("ftyp", brand, big(4, 0), brand),
    box("jp2h", ...header),
    box("jp2c", codestream),
  ]);
}
