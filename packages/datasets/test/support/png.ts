import { deflateSync } from "node:zlib";
import { crc32 } from "../../src/decode/png.js";

export interface Ihdr {
  width: number;
  height: number;
  depth: number;
  colour: number;
  interlace?: number;
}

export function chunk(type: string, body: Uint8Array): Buffer {
  const out = Buffer.alloc(12 + body.length);
  out.writeUInt32BE(body.length, 0);
  out.write(type, 4, "latin1");
  out.set(body, 8);
  out.writeUInt32BE(crc32(out, 4, 8 + body.length), 8 + body.length);
  return out;
}

export function ihdr({ width, height, depth, colour, interlace = 0 }: Ihdr): Buffer {
  const body = Buffer.alloc(13);
  body.writeUInt32BE(width, 0);
  body.writeUInt32BE(height, 4);
  body.set([depth, colour, 0, 0, interlace], 8);
  return chunk("IHDR", body);
}

export const SIGNATURE = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");

/** A PNG of `raw`: filter byte and packed samples for each row, as they stand before compression. */
export function png(header: Ihdr, raw: Uint8Array, extra: Buffer[] = []): Buffer {
  const data = chunk("IDAT", deflateSync(raw));
  return Buffer.concat([SIGNATURE, ihdr(header), ...extra, data, chunk("IEND", new Uint8Array(0))]);
}
