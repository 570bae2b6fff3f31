import { inflateSync } from "node:zlib";
import { corrupt } from "./limits.js";

/** Unpacks a strip or tile into at most `size` bytes. */
type Unpack = (packed: Uint8Array, size: number, label: string) => Uint8Array;

function inflated(packed: Uint8Array, size: number, label: string): Uint8Array {
  try {
    return inflateSync(packed, { maxOutputLength: size });
  } catch (error) {
    throw corrupt(label, `TIFF whose deflated pixels are damaged (${(error as Error).message})`);
  }
}

/** A byte n below 128 stands before n + 1 bytes as they are; one above 128 before a byte that comes 257 - n times. */
function packBits(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let to = 0;
  for (let at = 0; at < packed.length && to < size; ) {
    const n = packed[at++];
    if (n < 128) {
      out.set(packed.subarray(at, at + Math.min(n + 1, size - to)), to);
      to += Math.min(n + 1, packed.length - at);
      at += n + 1;
    } else if (n > 128 && at < packed.length) {
      out.fill(packed[at++], to, to + 257 - n);
      to += 257 - n;
    }
  }
  return out.subarray(0, Math.min(to, size));
}

const [CLEAR, END] = [256, 257];

/** TIFF's LZW: codes of 9 to 12 bits, high bits first, each length beginning one code early (TIFF 6.0, section 13). */
function lzw(packed: Uint8Array, size: number, label: string): Uint8Array {
  if (packed[0] === 0 && packed[1] & 1)
    throw corrupt(label, "TIFF whose LZW is of the kind from before 1992");
  const out = new Uint8Array(size);
  // Where each code's bytes lie in `out`, and how many they are.
  const [starts, lengths] = [new Uint32Array(4096), new Uint16Array(4096)];
  let [to, next, bits, held, count, before] = [0, 258, 9, 0, 0, -1];
  for (let at = 0; to < size; ) {
    while (count < bits && at < packed.length) {
      held = ((held << 8) | packed[at++]) & 0xffffff;
      count += 8;
    }
    if (count < bits) break;
    count -= bits;
    const code = (held >> count) & ((1 << bits) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      [next, bits, before] = [258, 9, -1];
      continue;
    }
    // The code that is being made repeats the last one and its first byte.
    const isNew = code === next && before >= 0;
    if (code > 257 && code >= next && !isNew) throw corrupt(label, "TIFF whose LZW codes are damaged");
    const known = isNew ? before : code;
    const [from, length] = known < 256 ? [to, 1] : [starts[known], lengths[known]];
    const start = to;
    if (known < 256) out[to++] = known;
    else for (let i = 0; i < length && to < size; i++) out[to++] = out[from + i];
    if (isNew && to < size) out[to++] = out[start];
    if (before >= 0 && next < 4096) {
      const [previous, many] = before < 256 ? [start - 1, 1] : [start - lengths[before], lengths[before]];
      starts[next] = previous;
      lengths[next++] = many + 1;
    }
    if (next >= (1 << bits) - 1 && bits < 12) bits++;
    before = code;
  }
  return out.subarray(0, to);
}

/** The compressions that are unpacked here, by TIFF's number. */
export const UNPACK: Readonly<Record<number, Unpack>> = {
  1: (packed) => packed,
  5: lzw,
  8: inflated,
  32946: inflated,
  32773: packBits,
};

/** Names of the compressions that nothing here unpacks. */
export const UNREAD: Readonly<Record<number, string>> = {
  6: "old-style JPEG in pieces",
  32766: "NeXT",
  32809: "ThunderScan",
  34661: "JBIG",
  34676: "SGI LogLuv",
  34677: "SGI LogLuv",
  34712: "JPEG 2000",
  33003: "JPEG 2000",
  33005: "JPEG 2000",
  34887: "LERC",
  34892: "lossy JPEG of a DNG",
  34925: "LZMA",
  50000: "Zstandard",
  50002: "JPEG XL",
  52546: "JPEG XL",
};
