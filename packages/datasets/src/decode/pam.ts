import type { RasterMode } from "../raster.js";
import { corrupt, truncated, unsupported } from "./limits.js";

// The header of Netpbm's PAM (P7): a line for each field, in any order.

interface PamHeader {
  readonly width: number;
  readonly height: number;
  readonly mode: RasterMode;
  /** The value of white. */
  readonly top: number;
  readonly dataOffset: number;
}

/** Bytes of the longest header that is read; known programs write less than 200. */
const MAX_HEADER = 4096;

/** Samples a pixel of each kind of pixel, and its mode. Bilevel pixels have a largest value of 1. */
const TYPES: Readonly<Record<string, readonly [samples: number, mode: RasterMode]>> = {
  BLACKANDWHITE: [1, "1"],
  BLACKANDWHITE_ALPHA: [2, "LA"],
  GRAYSCALE: [1, "L"],
  GRAYSCALE_ALPHA: [2, "LA"],
  RGB: [3, "RGB"],
  RGB_ALPHA: [4, "RGBA"],
};

/** Modes of files that name no kind of pixel, by their samples. */
const UNNAMED: readonly RasterMode[] = ["L", "LA", "RGB", "RGBA"];

/** The fields that are numbers, with their largest values. */
const NUMBERS: Readonly<Record<string, number>> = {
  ...{ WIDTH: 2 ** 31 - 1, HEIGHT: 2 ** 31 - 1, DEPTH: 65535, MAXVAL: 65535 },
};

/** Reads the fields up to ENDHDR. */
export function pamHeader(bytes: Uint8Array, label: string): PamHeader {
  const { fields, dataOffset } = fieldsOf(bytes, label);
  const number = (name: string) => {
    const text = fields.get(name) ?? "";
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= 1 && value <= NUMBERS[name]) return value;
    throw corrupt(label, `PAM ${name} ${JSON.stringify(text.slice(0, 20))}, not 1 to ${NUMBERS[name]}`);
  };
  const [width, height, depth, top] = ["WIDTH", "HEIGHT", "DEPTH", "MAXVAL"].map(number);
  const type = fields.get("TUPLTYPE");
  if (type !== undefined && !Object.hasOwn(TYPES, type))
    throw unsupported(label, `PAM with pixels of the kind ${JSON.stringify(type.slice(0, 40))}`);
  if (type === undefined && depth > UNNAMED.length)
    throw unsupported(label, `PAM with ${depth} samples a pixel`);
  const [samples, mode] = type === undefined ? [depth, UNNAMED[depth - 1]] : TYPES[type];
  if (samples !== depth) throw corrupt(label, `PAM of ${type} with ${depth} samples a pixel, not ${samples}`);
  if (type?.startsWith("BLACKANDWHITE") && top !== 1)
    throw corrupt(label, `PAM of ${type} with a largest value of ${top}, not 1`);
  return { width, height, mode, top, dataOffset };
}

/** Lines "NAME value" behind the magic. Empty lines and those that begin with # say nothing. */
function fieldsOf(bytes: Uint8Array, label: string): { fields: Map<string, string>; dataOffset: number } {
  const fields = new Map<string, string>();
  const header = String.fromCharCode(...bytes.subarray(0, MAX_HEADER));
  for (let at = 3; ; ) {
    const end = header.indexOf("\n", at);
    if (end < 0 && bytes.length >= MAX_HEADER)
      throw corrupt(label, `PAM whose header does not end in ${MAX_HEADER} bytes`);
    if (end < 0) throw truncated(label, "PAM file that ends in its header");
    const line = header.slice(at, end).trim();
    at = end + 1;
    if (line === "" || line.startsWith("#")) continue;
    if (line === "ENDHDR") return { fields, dataOffset: at };
    const [, name, value] = /^(\S+)\s+(.*)$/.exec(line) ?? [undefined, line, ""];
    const before = fields.get(name);
    if (name === "TUPLTYPE") fields.set(name, before === undefined ? value : `${before} ${value}`);
    else if (Object.hasOwn(NUMBERS, name) && before === undefined) fields.set(name, value);
    else {
      const how = before === undefined ? "an unknown line" : "a second line";
      throw corrupt(label, `PAM header with ${how} ${JSON.stringify(name.slice(0, 20))}`);
    }
  }
}
