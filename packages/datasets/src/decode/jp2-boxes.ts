import { corrupt, type Limits, truncated, unsupported } from "./limits.js";

/** What a JPEG 2000 file says before its pixels. */
export interface Jp2 {
  readonly codestream: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Depth of the samples, with or without a sign. */
  readonly bits: number;
  readonly signed: boolean;
  readonly components: number;
  /** The components that are colours, in the order gray or red, green, blue. */
  readonly colours: readonly number[];
  /** The component that is alpha. */
  readonly alpha: number | undefined;
  /** Whether colours are luma and chroma. */
  readonly ycc: boolean;
  /** Whether the samples are indices into the file's palette. */
  readonly palette: boolean;
  readonly exif: Uint8Array | undefined;
}

/** Colour spaces that the header numbers: sRGB, gray, sYCC. */
const [SRGB, GRAY, YCC] = [16, 17, 18];
const SPACES: Readonly<Record<number, string>> = { 0: "bilevel", 12: "CMYK", 14: "CIELab", 24: "e-sYCC" };
/** The name of the box that holds EXIF. */
const EXIF = "JpgTiffExif->JP2";

interface Box {
  readonly type: string;
  readonly body: Uint8Array;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function boxesOf(bytes: Uint8Array, label: string): Box[] {
  const view = viewOf(bytes);
  const boxes: Box[] = [];
  for (let at = 0; at + 8 <= bytes.length; ) {
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const short = view.getUint32(at);
    if (short === 1 && at + 16 > bytes.length) throw truncated(label, "JPEG 2000 that ends within a box");
    const length = short === 0 ? bytes.length - at : short === 1 ? Number(view.getBigUint64(at + 8)) : short;
    const head = short === 1 ? 16 : 8;
    if (length < head)
      throw corrupt(label, `JPEG 2000 whose box ${JSON.stringify(type)} has ${length} bytes`);
    if (at + length > bytes.length)
      throw truncated(label, `JPEG 2000 that ends within its box ${JSON.stringify(type)}`);
    boxes.push({ type, body: bytes.subarray(at + head, at + length) });
    at += length;
  }
  return boxes;
}

/** Reads the boxes and the size marker of a .jp2, .jpx, .j2k or .j2c. */
export function readJp2(bytes: Uint8Array, { label }: Limits): Jp2 {
  const refuse = (what: string) => unsupported(label, `JPEG 2000 of ${what}`);
  const boxes = bytes[0] === 0xff ? [{ type: "jp2c", body: bytes }] : boxesOf(bytes, label);
  const bodyOf = (all: readonly Box[], type: string) => all.find((box) => box.type === type)?.body;
  const codestream = bodyOf(boxes, "jp2c");
  if (!codestream) throw truncated(label, "JPEG 2000 without a codestream");
  const inner = boxesOf(bodyOf(boxes, "jp2h") ?? new Uint8Array(), label);
  const view = viewOf(codestream);
  if (codestream.length < 42) throw truncated(label, "JPEG 2000 that ends within its header");
  const components = view.getUint16(40);
  if (view.getUint32(0) !== 0xff4fff51) throw corrupt(label, "JPEG 2000 without a size marker");
  if (codestream.length < 42 + 3 * components)
    throw truncated(label, "JPEG 2000 that ends within its header");
  if (view.getUint32(16) || view.getUint32(20)) throw refuse("an area that does not begin at 0, 0");
  const parts = Array.from({ length: components }, (_, i) => [
    ...codestream.subarray(42 + 3 * i, 45 + 3 * i),
  ]);
  if (new Set(parts.map(([depth]) => depth)).size !== 1) throw refuse("channels of different depths");
  const [bits, signed] = [(parts[0][0] & 0x7f) + 1, parts[0][0] > 0x7f];

  const space = spaceOf(bodyOf(inner, "colr"), components, refuse);
  const palette = bodyOf(inner, "pclr") !== undefined;
  const { colours, alpha } = channelsOf(
    bodyOf(inner, "cdef"),
    space === GRAY || components < 3 ? 1 : 3,
    components,
  );
  if (components > colours.length + 1) throw refuse(`${components} channels`);
  const spread = parts.map(([, dx, dy]) => `${dx}${dy}`);
  const chroma = colours.length === 3 && alpha === undefined ? ["11,21,21", "11,22,22"] : [];
  if (!spread.every((each) => each === "11") && !chroma.includes(spread.join())) {
    throw refuse("channels of different sizes");
  }
  if (bits > 16) throw refuse(`${bits}-bit samples`);
  if (signed && (bits <= 8 || components > 1)) throw refuse("signed samples");
  const uuid = boxes.find(
    ({ type, body }) => type === "uuid" && String.fromCharCode(...body.subarray(0, 16)) === EXIF,
  );
  return {
    ...{ codestream, width: view.getUint32(8), height: view.getUint32(12), bits, signed, components },
    ...{ colours, alpha, palette, ycc: space === YCC, exif: uuid?.body.subarray(16) },
  };
}

/** The number of the colour space; a profile is known by its own header's word. */
function spaceOf(colr: Uint8Array | undefined, components: number, refuse: (what: string) => Error): number {
  const guess = components < 3 ? GRAY : SRGB;
  if (!colr || colr.length < 7) return guess;
  if (colr[0] === 1) {
    const space = viewOf(colr).getUint32(3);
    if (![SRGB, GRAY, YCC].includes(space)) throw refuse(`colour space ${SPACES[space] ?? space}`);
    return space;
  }
  const word = String.fromCharCode(...colr.subarray(19, 23)).trim();
  if (word && !["RGB", "GRAY"].includes(word)) throw refuse(`colour space ${word}`);
  return guess;
}

/** Which components are which colour, by the channel definitions; in order without them, alpha last. */
function channelsOf(cdef: Uint8Array | undefined, count: number, components: number) {
  const view = cdef && viewOf(cdef);
  const defined = Array.from({ length: view ? Math.floor((view.byteLength - 2) / 6) : 0 }, (_, i) => ({
    channel: view!.getUint16(2 + 6 * i),
    kind: view!.getUint16(4 + 6 * i),
    colour: view!.getUint16(6 + 6 * i),
  })).filter(({ channel }) => channel < components);
  const named = defined.filter(({ kind }) => kind === 0).sort((a, b) => a.colour - b.colour);
  const inOrder = Array.from({ length: Math.min(count, components) }, (_, i) => i);
  const colours = named.length === count ? named.map(({ channel }) => channel) : inOrder;
  const rest = Array.from({ length: components }, (_, i) => i).filter((i) => !colours.includes(i));
  return { colours, alpha: rest[0] as number | undefined };
}

/** Refuses a codestream that does not go on to its end marker: OpenJPEG fills what is lacking. */
export function checkWhole(codestream: Uint8Array, label: string): void {
  const view = viewOf(codestream);
  for (let at = 2; at + 4 <= codestream.length; ) {
    const marker = view.getUint16(at);
    if (marker !== 0xff90) at += 2 + view.getUint16(at + 2);
    else {
      const length = at + 10 <= codestream.length ? view.getUint32(at + 6) : 14;
      if (length !== 0 && length < 14) throw corrupt(label, `JPEG 2000 whose tile has ${length} bytes`);
      at = length === 0 ? codestream.length - 2 : at + length;
    }
    if (at + 2 <= codestream.length && view.getUint16(at) === 0xffd9) return;
  }
  throw truncated(label, "JPEG 2000 without its end");
}
