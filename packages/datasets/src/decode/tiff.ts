import { type ImageHeader, type RasterMode, SAMPLES, type Samples } from "../raster.js";
import { cmykToRgb, codedHeader, decodeCoded } from "./coded.js";
import { checkSize, corrupt, type Limits, truncated, unsupported } from "./limits.js";
import { type Orientation, orientationOf } from "./orientation.js";
import { type SampleKind, sampleReader, unpredict } from "./tiff-samples.js";
import { type Tags, tagsOf } from "./tiff-tags.js";
import { UNPACK, UNREAD } from "./tiff-unpack.js";

// libvips reads the common kinds of TIFF. What it refuses, clips or mixes up is read here: half, 24-bit and double precision, signed
// and packed integers, tiles of separate planes, samples beside the colours.

/** What the tags of the first image say. */
interface TiffFacts extends SampleKind {
  readonly width: number;
  readonly height: number;
  /** Samples a pixel, and how many of them are colours. */
  readonly samples: number;
  readonly colours: number;
  readonly photometric: number;
  readonly compression: number;
  readonly planar: boolean;
  /** Width and height of tiles or strips. */
  readonly part: readonly [number, number];
  readonly tiled: boolean;
}

/** Colours of each photometric interpretation that is read. YCbCr becomes RGB. */
const COLOURS: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 3, 3: 1, 4: 1, 5: 4, 6: 3 };
const SPACES: Readonly<Record<number, string>> = {
  ...{ 8: "CIELab", 9: "ICCLab", 10: "ITULab", 32803: "a camera's colour mosaic" },
  ...{ 32844: "LogL", 32845: "LogLuv", 34892: "a camera's linear colours", 51177: "depth" },
};

function factsOf({ read, little }: Tags, label: string): TiffFacts {
  const one = (tag: number, fallback: number) => read(tag)?.[0] ?? fallback;
  const [width, height] = [one(256, 0), one(257, 0)];
  const photometric = one(262, 1);
  const compression = one(259, 1);
  const samples = one(277, 1);
  const depths = new Set((read(258) ?? [1]).slice(0, samples));
  const formats = new Set((read(339) ?? [1]).slice(0, samples));
  const colours = COLOURS[photometric];
  const refuse = (what: string) => unsupported(label, `TIFF of ${what}`);
  if (!colours) throw refuse(SPACES[photometric] ?? `colour space ${photometric}`);
  if (UNREAD[compression]) throw refuse(`${UNREAD[compression]} compression`);
  if (depths.size > 1) throw refuse(`samples of different depths, ${[...depths].join(", ")} bits`);
  if (formats.size > 1) throw refuse("samples of different kinds");
  const [bits] = depths;
  const [number] = formats;
  if (number > 4) throw refuse("complex numbers");
  if (colours === 1 && samples > 2) throw refuse(`${samples} samples a pixel that are no colours`);
  if (samples < colours) throw corrupt(label, `TIFF of ${samples} samples a pixel for ${colours} colours`);
  const tiled = read(324) !== undefined;
  const part = tiled ? [one(322, 0), one(323, 0)] : [width, Math.min(one(278, height), height)];
  return {
    ...{ width, height, samples, colours, photometric, compression, tiled, bits, little },
    format: number === 3 ? "float" : number === 2 ? "int" : "uint",
    planar: one(284, 1) === 2 && samples > 1,
    part: part as [number, number],
  };
}

/** What libvips does not read, in words; "" for what it does. */
function rarity(facts: TiffFacts): string {
  const { bits, format, planar, tiled, samples, colours, photometric } = facts;
  const usual = format === "float" ? [32] : format === "int" ? [32] : [1, 2, 4, 8, 16, 32];
  if (!usual.includes(bits))
    return `${bits}-bit ${{ uint: "", int: "signed ", float: "float " }[format]}samples`;
  if (planar && tiled) return "tiles of separate planes";
  if (photometric === 5 && bits !== 8) return `CMYK of ${bits} bits`;
  const most = colours === 1 ? 1 : colours + 1;
  return samples > most ? `${samples} samples a pixel` : "";
}

/** The whole JPEG that a TIFF of before 1995 holds; undefined where there is none. */
function oldJpeg(bytes: Uint8Array, { read }: Tags): Uint8Array | undefined {
  const [from, length] = [read(513)?.[0], read(514)?.[0]];
  if (read(259)?.[0] !== 6 || from === undefined || bytes[from] !== 0xff || bytes[from + 1] !== 0xd8)
    return undefined;
  return bytes.subarray(from, length ? from + length : undefined);
}

const modeOf = ({ colours, samples }: TiffFacts): RasterMode =>
  colours === 1 ? (samples > 1 ? "LA" : "L") : colours === 3 && samples > 3 ? "RGBA" : "RGB";

const depthOf = ({ bits, format }: TiffFacts) =>
  format !== "uint" || bits > 16 ? (32 as const) : bits > 8 ? (16 as const) : (8 as const);

/** What reads a file: a JPEG within it, libvips, or, where there are facts, this file. */
export function planTiff(bytes: Uint8Array, limits: Limits) {
  const tags = tagsOf(bytes);
  const jpeg = oldJpeg(bytes, tags);
  if (jpeg) return { tags, jpeg };
  const facts = factsOf(tags, limits.label);
  const rare = rarity(facts);
  if (!rare) return { tags };
  const known = sampleReader(facts) && UNPACK[facts.compression] && ![3, 6].includes(facts.photometric);
  if (!known)
    throw unsupported(
      limits.label,
      `TIFF of ${rare}${UNPACK[facts.compression] ? "" : ", compressed in a way that is not read for such"}`,
    );
  return { tags, facts };
}

/** The orientation that a TIFF's own tag names. */
export const tiffOrientation = (bytes: Uint8Array): Orientation =>
  orientationOf(tagsOf(bytes).read(274)?.[0]);

/** Size, mode and depth of a whole TIFF. */
export async function tiffHeader(bytes: Uint8Array, limits: Limits): Promise<ImageHeader> {
  const { facts, jpeg } = planTiff(bytes, limits);
  if (!facts)
    return { ...(await codedHeader(jpeg ?? bytes, jpeg ? "jpeg" : "tiff", limits)), format: "tiff" };
  const { width, height } = facts;
  const [mode, depth] = [modeOf(facts), facts.photometric === 5 ? 8 : depthOf(facts)];
  checkSize(width, height, limits, (SAMPLES[mode] * depth) / 8);
  checkSize(...facts.part, limits, (facts.samples * facts.bits) / 8);
  return { format: "tiff", width, height, mode, depth };
}

/** Decodes the first image of a TIFF, as it is stored. */
export async function decodeTiff(bytes: Uint8Array, limits: Limits): Promise<Samples> {
  const { facts, tags, jpeg } = planTiff(bytes, limits);
  if (!facts) return (await decodeCoded(jpeg ?? bytes, jpeg ? "jpeg" : "tiff", limits)).samples;
  const { width, height, mode } = await tiffHeader(bytes, limits);
  const depth = depthOf(facts);
  // More samples than the mode has stand after alpha, and are left out.
  const kept = facts.photometric === 5 ? 4 : SAMPLES[mode];
  const count = width * height * kept;
  const data =
    depth === 32 ? new Float32Array(count) : depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const top = 2 ** facts.bits - 1;
  const whole = facts.format === "uint";
  const scale = whole && facts.bits < 8 ? 255 / top : 1;
  const flip = whole && facts.photometric === 0;
  eachSample(bytes, tags, facts, limits.label, (x, y, channel, value) => {
    if (channel >= kept) return;
    const seen = flip && channel === 0 ? top - value : value;
    data[(y * width + x) * kept + channel] = scale === 1 ? seen : Math.round(seen * scale);
  });
  if (facts.photometric === 5) return cmykSamples(width, height, data, top);
  return { width, height, mode, data, ...(depth < 32 && { top: Math.max(255, top) }) };
}

/** Inks of any depth as colours of 8 bits. */
function cmykSamples(width: number, height: number, inks: Samples["data"], top: number): Samples {
  const eight = Uint8Array.from(inks, (value) => Math.floor((value * 256) / (top + 1)));
  return { width, height, mode: "RGB", data: cmykToRgb(eight, 4), top: 255 };
}

type Place = (x: number, y: number, channel: number, value: number) => void;

/** Gives every sample of the image, part by part. */
function eachSample(bytes: Uint8Array, { read }: Tags, facts: TiffFacts, label: string, place: Place): void {
  const { width, height, samples, bits, planar, tiled } = facts;
  const [columns, rows] = facts.part;
  const [across, down] = [Math.ceil(width / columns), Math.ceil(height / rows)];
  const count = across * down * (planar ? samples : 1);
  const offsets = read(tiled ? 324 : 273);
  const sizes = read(tiled ? 325 : 279);
  if (!(count > 0) || !offsets || !sizes || offsets.length < count || sizes.length < count) {
    throw corrupt(label, "TIFF whose tags do not say where its pixels are");
  }
  const channels = planar ? 1 : samples;
  const rowBytes = Math.ceil((columns * channels * bits) / 8);
  const predictor = read(317)?.[0] ?? 1;
  const sample = sampleReader(facts)!;
  for (let p = 0; p < count; p++) {
    const what = `${tiled ? "tile" : "strip"} ${p + 1} of ${count}`;
    if (offsets[p] + sizes[p] > bytes.length) {
      throw truncated(label, `TIFF of ${bytes.length} bytes lacks ${what}`);
    }
    const within = p % (across * down);
    const [left, upper] = [(within % across) * columns, Math.floor(within / across) * rows];
    const shown = Math.min(rows, height - upper);
    const packed = bytes.subarray(offsets[p], offsets[p] + sizes[p]);
    const part = UNPACK[facts.compression](
      read(266)?.[0] === 2 ? packed.map(reversed) : packed,
      rowBytes * rows,
      label,
    );
    if (part.length < rowBytes * (tiled ? rows : shown))
      throw corrupt(label, `TIFF whose ${what} ends early`);
    for (let r = 0; r < shown; r++) {
      const row = new Uint8Array(part.subarray(r * rowBytes, (r + 1) * rowBytes));
      if (!unpredict(row, predictor, channels, facts)) {
        throw unsupported(label, `TIFF of ${bits}-bit samples with predictor ${predictor}`);
      }
      const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
      const stop = Math.min(columns, width - left);
      for (let i = 0; i < stop * channels; i++) {
        const channel = planar ? Math.floor(p / (across * down)) : i % channels;
        place(left + Math.floor(i / channels), upper + r, channel, sample(view, i));
      }
    }
  }
}

/** A byte whose bits are written from the lowest. */
const reversed = (byte: number): number =>
  (((((byte * 0x0802) & 0x22110) | ((byte * 0x8020) & 0x88440)) * 0x10101) >> 16) & 0xff;
