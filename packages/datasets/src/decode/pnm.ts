import { type Depth, type ImageHeader, type RasterMode, SAMPLES, type Samples } from "../raster.js";
import { checkSize, corrupt, type Limits, truncated } from "./limits.js";
import { pamHeader } from "./pam.js";

// Netpbm's formats: P1 to P7, and the floating-point maps Pf and PF.

interface PnmHeader extends ImageHeader {
  readonly kind: string;
  /** The value of white; for floating point its sign tells the order of bytes. */
  readonly top: number;
  readonly dataOffset: number;
}

const KINDS: Readonly<Record<string, RasterMode>> = {
  ...{ P1: "1", P4: "1", P2: "L", P5: "L", P3: "RGB", P6: "RGB", Pf: "L", PF: "RGB" },
};

const isSpace = (byte: number): boolean => byte === 32 || (byte >= 9 && byte <= 13);

/** Reads words that are separated by white space and comments, from `at` on. */
function reader(bytes: Uint8Array, at: number, label: string) {
  return {
    /** The place behind the last word. */
    get at() {
      return at;
    },
    /** @param longest the most characters that the word may have. */
    word(longest = 64): string {
      for (; at < bytes.length && (isSpace(bytes[at]) || bytes[at] === 35); at++) {
        if (bytes[at] === 35) while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) at++;
      }
      let text = "";
      for (; at < bytes.length && !isSpace(bytes[at]) && bytes[at] !== 35 && text.length < longest; at++) {
        text += String.fromCharCode(bytes[at]);
      }
      if (text === "") throw truncated(label, "PNM file that ends early");
      return text;
    },
  };
}

function wholeNumber(text: string, least: number, most: number, what: string, label: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw corrupt(label, `PNM ${what} ${JSON.stringify(text.slice(0, 20))}, not ${least} to ${most}`);
}

/** Reads the magic, the size and the largest value. */
export function pnmHeader(bytes: Uint8Array, limits: Limits): PnmHeader {
  const { label } = limits;
  const kind = String.fromCharCode(bytes[0], bytes[1]);
  if (kind === "P7") {
    const pam = pamHeader(bytes, label);
    const depth: Depth = pam.top > 255 ? 16 : 8;
    checkSize(pam.width, pam.height, limits, SAMPLES[pam.mode] * (depth / 8));
    return { format: "pnm", ...pam, depth, kind };
  }
  const words = reader(bytes, 2, label);
  const side = (what: string) => wholeNumber(words.word(), 1, 2 ** 31 - 1, what, label);
  const [width, height] = [side("width"), side("height")];
  const isFloat = /^P[fF]$/.test(kind);
  const mode = KINDS[kind];
  let top = 255;
  if (isFloat) {
    top = Number(words.word());
    if (!Number.isFinite(top) || top === 0) throw corrupt(label, "PFM without a scale");
  } else if (mode !== "1") top = wholeNumber(words.word(), 1, 65535, "largest value", label);
  const depth: Depth = isFloat ? 32 : top > 255 ? 16 : 8;
  checkSize(width, height, limits, SAMPLES[mode] * (depth / 8));
  return { format: "pnm", width, height, mode, depth, kind, top, dataOffset: words.at + 1 };
}

/**
 * Decodes a PBM, PGM, PPM, PAM or PFM. Values up to 255 are stretched to 8 bits as in Pillow; larger ones stay as they are.
 */
export function decodePnm(bytes: Uint8Array, limits: Limits): Samples {
  const header = pnmHeader(bytes, limits);
  const { width, height, mode, depth, kind, top } = header;
  const count = width * height * SAMPLES[mode];
  if (depth === 32) return { width, height, mode, data: floats(bytes, header, count, limits.label) };
  const values = /P[123]/.test(kind)
    ? asciiValues(bytes, header, count, limits.label)
    : binaryValues(bytes, header, count, limits.label);
  if (mode === "1" && kind !== "P7") {
    // A one is black.
    return { width, height, mode, data: values.map((bit) => (bit ? 0 : 255)) };
  }
  const high = values.findIndex((value) => value > top);
  if (high >= 0) throw corrupt(limits.label, `PNM value ${values[high]} above the largest, ${top}`);
  if (depth === 16) return { width, height, mode, data: values, top };
  const table = Uint8Array.from({ length: 256 }, (_, value) => halfToEven((value / top) * 255));
  return { width, height, mode, data: top === 255 ? values : values.map((value) => table[value]) };
}

/** Python's round(). */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 && floor % 2 === 0 ? floor : Math.round(value);
}

function asciiValues(
  bytes: Uint8Array,
  { kind, depth, dataOffset }: PnmHeader,
  count: number,
  label: string,
): Uint8Array | Uint16Array {
  const values = depth === 16 ? new Uint16Array(count) : new Uint8Array(count);
  const words = reader(bytes, dataOffset - 1, label);
  // The bits of P1 need no space between them.
  const longest = kind === "P1" ? 1 : undefined;
  for (let i = 0; i < count; i++) {
    values[i] = wholeNumber(
      words.word(longest),
      0,
      kind === "P1" ? 1 : depth === 16 ? 65535 : 255,
      "value",
      label,
    );
  }
  return values;
}

function binaryValues(
  bytes: Uint8Array,
  { kind, width, height, depth, dataOffset }: PnmHeader,
  count: number,
  label: string,
): Uint8Array | Uint16Array {
  const stride = Math.ceil(width / 8);
  const size = kind === "P4" ? stride * height : (count * depth) / 8;
  const body = bodyOf(bytes, dataOffset, size, label);
  if (kind === "P4") {
    return Uint8Array.from({ length: count }, (_, i) => {
      const x = i % width;
      return (body[((i - x) / width) * stride + (x >> 3)] >> (7 - (x & 7))) & 1;
    });
  }
  if (depth === 8) return new Uint8Array(body);
  return Uint16Array.from({ length: count }, (_, i) => (body[2 * i] << 8) | body[2 * i + 1]);
}

function floats(bytes: Uint8Array, header: PnmHeader, count: number, label: string): Float32Array {
  const { top, height, dataOffset } = header;
  const body = bodyOf(bytes, dataOffset, 4 * count, label);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const row = count / height;
  // Rows run from the bottom.
  return Float32Array.from({ length: count }, (_, i) => {
    const from = (height - 1 - Math.floor(i / row)) * row + (i % row);
    return view.getFloat32(4 * from, top < 0);
  });
}

function bodyOf(bytes: Uint8Array, at: number, size: number, label: string): Uint8Array {
  if (at + size > bytes.length) {
    throw truncated(label, `PNM of ${bytes.length} bytes lacks some of its ${size} bytes of pixels`);
  }
  return bytes.subarray(at, at + size);
}
