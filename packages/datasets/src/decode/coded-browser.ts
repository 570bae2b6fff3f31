/// <reference path="./libjpeg.d.ts" />
import { fileInMemory } from "@inctrl/tensor/files";
import { ImageError } from "../errors.js";
import type { ImageHeader, Samples } from "../raster.js";
import { jpegHeader } from "./jpeg-header.js";
import { corrupt, type Limits, unsupported } from "./limits.js";
import type { Orientation } from "./orientation.js";
import type { ImageFormat } from "./sniff.js";

// What bundles for browsers take in place of `coded.ts`, as package.json says. JPEG goes through libjpeg-turbo, compiled to
// WebAssembly, whose pixels are those of sharp in Node, bit by bit.

type Codec = Awaited<
  ReturnType<typeof import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs")["default"]>
>;

let binary: (() => Promise<ArrayBuffer>) | undefined;
let codec: Promise<Codec> | undefined;

/**
 * Says where libjpeg-turbo's WebAssembly is, which is loaded with the first JPEG.
 *
 * @example useJpegWasm(async () => (await fetch(url)).arrayBuffer());
 */
export function useJpegWasm(load: () => Promise<ArrayBuffer>): void {
  binary = load;
}

async function open(): Promise<Codec> {
  if (!binary) throw new Error("useJpegWasm was not called");
  const { default: load } = await import("@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs");
  const quiet = () => {};
  return load({ wasmBinary: await binary(), print: quiet, printErr: quiet });
}

/** The decoder, loaded once. @throws ImageError `unreadable` where it cannot be loaded; the next image tries again. */
async function opened(label: string): Promise<Codec> {
  codec ??= open();
  try {
    return await codec;
  } catch (error) {
    codec = undefined;
    const why = `the decoder of JPEGs cannot be loaded (${(error as Error).message})`;
    throw new ImageError("unreadable", label, why, "load the page again");
  }
}

const onlyJpeg = (format: ImageFormat, { label }: Limits): void => {
  if (format !== "jpeg") throw unsupported(label, `a ${format} file, which is not read in a browser`);
};

/** Size, mode and depth of a JPEG by its header, and the orientation that EXIF names. */
export async function codedHeader(
  source: string | Uint8Array,
  format: ImageFormat,
  limits: Limits,
): Promise<ImageHeader & { readonly orientation: Orientation }> {
  onlyJpeg(format, limits);
  return jpegHeader(typeof source === "string" ? (fileInMemory(source) as Uint8Array) : source, limits);
}

/** Decodes a JPEG as it is stored; gray stays gray. */
export async function decodeCoded(
  bytes: Uint8Array,
  format: ImageFormat,
  limits: Limits,
): Promise<{ samples: Samples; orientation: Orientation }> {
  const { width, height, mode, orientation } = await codedHeader(bytes, format, limits);
  const { JPEGDecoder } = await opened(limits.label);
  try {
    const decoder = new JPEGDecoder();
    decoder.getEncodedBuffer(bytes.length).set(bytes);
    decoder.decode();
    const info = decoder.getFrameInfo();
    const data = new Uint8Array(decoder.getDecodedBuffer());
    decoder.delete();
    const channels = mode === "L" ? 1 : 3;
    if (info.width !== width || info.height !== height || data.length !== width * height * channels)
      throw new Error("its header and pixels differ in size");
    return { samples: { width, height, mode, data, top: 255 }, orientation };
  } catch (error) {
    // What a damaged file did to the decoder's memory ends with it.
    codec = undefined;
    const why = error instanceof Error ? error.message : "damaged or cut off";
    throw corrupt(limits.label, `JPEG cannot be decoded (${why})`);
  }
}
