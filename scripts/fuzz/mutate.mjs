// Seeded damage to files: what disks, tools and strangers do to bytes.
import { crc32 } from "@inctrl/datasets";
import { generator } from "@inctrl/testing";

/** Random numbers of a case, from its seed, its target and its number alone, so that any case can be made again by itself. */
export function randomOf(...parts) {
  const text = parts.join(" ");
  return generator(crc32(Buffer.from(text), 0, Buffer.byteLength(text)));
}

/** The longest file that mutations make. */
const MAX_BYTES = 1 << 16;
/** Little-endian numbers at which sizes and offsets go wrong. */
const EDGES = [
  "00000000",
  "01000000",
  "ffffffff",
  "ffffff7f",
  "00000080",
  "ffffffffffffffff",
  "00000000ffffffff",
];
/** Text that means something to some parser. */
const WORDS = [
  "[".repeat(3000),
  '{"a":'.repeat(2000),
  "(".repeat(2000),
  "null",
  "-1",
  "1e999",
  "NaN",
  '"\\ud800"',
  "\n",
  ",",
  "__proto__",
];

const cut = (bytes, from, to, between = Buffer.alloc(0)) =>
  Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]);

/** Each takes bytes, a random place, a random number and other bytes. */
const MUTATIONS = [
  (bytes, at, next) => cut(bytes, at, at + 1, Buffer.of((bytes[at] ?? 0) ^ (1 << Math.floor(8 * next())))),
  (bytes, at, next) => cut(bytes, at, at + 1, Buffer.of(Math.floor(256 * next()))),
  (bytes, at, next) => {
    const edge = Buffer.from(EDGES[Math.floor(next() * EDGES.length)], "hex");
    return cut(bytes, at, at + edge.length, edge);
  },
  (bytes, at, next) => cut(bytes, at, at, Buffer.from(WORDS[Math.floor(next() * WORDS.length)])),
  (bytes, at, next) => cut(bytes, at, at + Math.floor(next() * 40)),
  (bytes, at, next) => cut(bytes, at, at, bytes.subarray(at, at + Math.floor(next() * 200))),
  (bytes, at) => bytes.subarray(0, at),
  (bytes, at, next, other) => cut(bytes, at, bytes.length, other.subarray(Math.floor(next() * other.length))),
];

/** Damages one of some sound files in one to four ways. */
export function mutated(seeds, next) {
  const pick = (list) => list[Math.floor(next() * list.length)];
  let bytes = pick(seeds);
  for (let left = 1 + Math.floor(4 * next()); left > 0; left--)
    bytes = pick(MUTATIONS)(bytes, Math.floor(next() * (bytes.length + 1)), next, pick(seeds));
  // Of a buffer of its own with bytes around it, as Node's pool gives them.
  const pooled = Buffer.alloc(Math.min(bytes.length, MAX_BYTES) + 13, 0xa5);
  bytes.copy(pooled, 5, 0, MAX_BYTES);
  return pooled.subarray(5, pooled.length - 8);
}
