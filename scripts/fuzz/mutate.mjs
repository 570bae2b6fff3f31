// Seeded damage to files: what disks, tools and strangers do to bytes.
import { crc32 } from "@inctrl/datasets";
import { generator } from "@inctrl/testing";

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
].map((hex) => Buffer.from(hex, "hex"));
/** Text that means something to some parser. */
const WORDS = [
  ...["null", "true", "-1", "0", "1e999", "NaN", "[]", "{}", '""', '"\\ud800"'],
  ...["\n", ",", "__proto__", "a/../../b", "2147483648"],
].map((word) => Buffer.from(word));
/** Nesting that ends the stack of whoever recurses. */
const DEEP = [
  "[".repeat(9000),
  "[".repeat(9000) + "]".repeat(9000),
  '{"a":'.repeat(4000),
  "(".repeat(4000),
].map((text) => Buffer.from(text));
/** Bytes that part the words of a text. */
const PARTING = new Set(Buffer.from(' \n,:;[]{}()"'));

/** Bytes before and behind a damaged file, as in Node's pool. */
const AROUND = 8;

/** Damages sound files in a buffer that is used again for each case. */
export class Damage {
  #seeds;
  #number;
  #bytes = Buffer.alloc(MAX_BYTES + 2 * AROUND, 0xa5);
  #length = 0;

  /** @param key tells the cases of a run apart from those of others. */
  constructor(seeds, key) {
    this.#seeds = seeds;
    this.#number = crc32(Buffer.from(key), 0, Buffer.byteLength(key));
  }

  /** A sound file with one to four damages, made from the case's number alone. It lasts until the next case. */
  make(number) {
    const next = generator(this.#number ^ Math.imul(number + 1, 0x9e3779b1));
    const below = (count) => Math.floor(next() * count);
    const pick = (list) => list[below(list.length)];
    this.#length = 0;
    this.#replace(0, 0, pick(this.#seeds));
    for (let left = 1 + below(4); left > 0; left--) this.#damage(below, pick);
    this.#bytes.fill(0xa5, AROUND + this.#length, 2 * AROUND + this.#length);
    return this.#bytes.subarray(AROUND, AROUND + this.#length);
  }

  #damage(below, pick) {
    const length = this.#length;
    const at = below(length + 1);
    const byte = this.#bytes[AROUND + at];
    const over = (bytes) => this.#replace(at, at + bytes.length, bytes);
    switch (below(9)) {
      case 0:
        return over(Buffer.of((at < length ? byte : 0) ^ (1 << below(8))));
      case 1:
        return over(Buffer.of(below(256)));
      case 2:
        return over(pick(EDGES));
      case 3:
        return this.#replace(at, at, below(32) === 0 ? pick(DEEP) : pick(WORDS));
      case 4:
        return this.#replace(at, at + below(40), Buffer.of());
      case 5:
        // Twice the same.
        return this.#replace(
          at,
          at,
          this.#bytes.subarray(AROUND + at, AROUND + Math.min(length, at + below(200))),
        );
      case 6:
        this.#length = at;
        return;
      case 7: {
        const other = pick(this.#seeds);
        return this.#replace(at, length, other.subarray(below(other.length)));
      }
      default:
        return this.#replace(...this.#wordAt(at), pick(WORDS));
    }
  }

  /** Where the word at a place begins and ends, its quotes included. */
  #wordAt(at) {
    const isPart = (i) => i >= 0 && i < this.#length && !PARTING.has(this.#bytes[AROUND + i]);
    let [from, to] = [at, at];
    while (to - from < 80 && isPart(from - 1)) from--;
    while (to - from < 80 && isPart(to)) to++;
    const isQuote = (i) => this.#bytes[AROUND + i] === 0x22;
    return isQuote(from - 1) && isQuote(to) && from > 0 ? [from - 1, to + 1] : [from, to];
  }

  /** Puts bytes, which may be of the file itself at `from`, in place of a part of the file. */
  #replace(from, to, bytes) {
    const end = Math.min(to, this.#length);
    const room = MAX_BYTES - from;
    const put = Math.min(bytes.length, room);
    const rest = Math.min(this.#length - end, room - put);
    this.#bytes.copyWithin(AROUND + from + put, AROUND + end, AROUND + end + rest);
    if (bytes.length > 0) bytes.copy(this.#bytes, AROUND + from, 0, put);
    this.#length = from + put + rest;
  }
}
