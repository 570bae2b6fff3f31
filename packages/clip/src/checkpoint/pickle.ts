// Reads the pickles that torch.save and TorchScript write. A pickle is a program: this reader builds plain containers only, and
// passes every constructor that the pickle names to `Constructors`, which refuses all but a few.
import { ClipError } from "../errors.js";

/** Resolves and calls the constructors that a pickle names. */
export interface Constructors {
  /** Resolves `module.name`. @throws where it is not allowed. */
  find(module: string, name: string): unknown;
  /** Calls a result of `find`. */
  call(callable: unknown, args: readonly unknown[]): unknown;
  /** Applies pickled state to an object. */
  build(target: unknown, state: unknown): unknown;
  /** Resolves a persistent id (torch: a storage). */
  persistent(id: unknown): unknown;
}

// Bounds. The pickle of a 1-billion-parameter checkpoint with its optimiser has about 200,000 opcodes.
const MAX_OPCODES = 2_000_000;
const MAX_NESTING = 1000;
const MAX_INTEGER_BYTES = 64;

/** An object that is not needed: it is never made, and what is put into it is dropped. */
export class Inert {
  /** The dotted name of its type. */
  readonly type: string;

  constructor(type: string) {
    this.type = type;
  }
}

/** A pickle that goes on behind the bytes at hand. */
export class CutPickle extends ClipError {}

/**
 * Runs a pickle (protocol 2 to 5) with no constructor but those of `constructors`. Dicts become Maps, lists and tuples arrays,
 * bytes Uint8Array, and integers beyond 2^53 bigint.
 *
 * @throws ClipError `bad-pickle`, and the errors of `constructors`.
 */
export function unpickle(bytes: Uint8Array, constructors: Constructors, label: string): unknown {
  return unpickleNext(bytes, constructors, label).value;
}

/** The same for a pickle with other bytes behind it: its value, and its length. @throws CutPickle where `bytes` are too few. */
export function unpickleNext(bytes: Uint8Array, constructors: Constructors, label: string) {
  const machine = new Unpickler(bytes, constructors, label);
  return { value: machine.run(), length: machine.position };
}

class Unpickler {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #constructors: Constructors;
  readonly #label: string;
  readonly #memo = new Map<number, unknown>();
  readonly #marks: unknown[][] = [];
  #stack: unknown[] = [];
  #at = 0;

  constructor(bytes: Uint8Array, constructors: Constructors, label: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#constructors = constructors;
    this.#label = label;
  }

  get position(): number {
    return this.#at;
  }

  run(): unknown {
    for (let count = 0; count < MAX_OPCODES; count++) {
      const opcode = this.uint(1);
      if (opcode === STOP) return this.pop();
      const step = STEPS.get(opcode);
      if (step === undefined) throw this.bad(`opcode 0x${opcode.toString(16)} is not read`);
      step(this);
    }
    throw this.bad(`has more than ${MAX_OPCODES} opcodes`);
  }

  bad(what: string, Kind = ClipError): ClipError {
    return new Kind("bad-pickle", `${this.#label}: its pickle ${what}; save the file again with torch.save`);
  }

  cut(): ClipError {
    return this.bad("is cut short", CutPickle);
  }

  // Bytes.

  take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw this.cut();
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** An unsigned little-endian integer of 1, 2, 4 or 8 bytes. */
  uint(width: 1 | 2 | 4 | 8): number {
    const at = this.#at;
    this.take(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at, true);
    if (width === 4) return this.#view.getUint32(at, true);
    return Number(this.#view.getBigUint64(at, true));
  }

  int32(): number {
    return this.uint(4) | 0;
  }

  float64(): number {
    const at = this.#at;
    this.take(8);
    return this.#view.getFloat64(at, false);
  }

  line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) throw this.cut();
    const text = this.text(end - this.#at);
    this.#at = end + 1;
    return text;
  }

  text(length: number): string {
    return new TextDecoder().decode(this.take(length));
  }

  /** A two's-complement integer of any length. */
  long(length: number): number | bigint {
    if (length > MAX_INTEGER_BYTES) throw this.bad("holds an integer of absurd length");
    let value = 0n;
    for (const byte of this.take(length).toReversed()) value = (value << 8n) | BigInt(byte);
    value = BigInt.asIntN(8 * length, value);
    return BigInt.asIntN(54, value) === value ? Number(value) : value;
  }

  // The stack, cut into frames by marks.

  push(value: unknown): void {
    this.#stack.push(value);
  }

  pop(): unknown {
    return this.popMany(1)[0];
  }

  /** The last `count` values, in the order they were pushed. */
  popMany(count: number): unknown[] {
    if (this.#stack.length < count) throw this.bad("takes from an empty stack");
    return this.#stack.splice(this.#stack.length - count);
  }

  top(): unknown {
    if (this.#stack.length === 0) throw this.bad("takes from an empty stack");
    return this.#stack.at(-1);
  }

  mark(): void {
    if (this.#marks.length >= MAX_NESTING) throw this.bad(`nests deeper than ${MAX_NESTING}`);
    this.#marks.push(this.#stack);
    this.#stack = [];
  }

  /** Everything pushed since the last mark. */
  popToMark(): unknown[] {
    const items = this.#stack;
    const below = this.#marks.pop();
    if (below === undefined) throw this.bad("misses a mark");
    this.#stack = below;
    return items;
  }

  remember(index: number = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    if (!this.#memo.has(index)) throw this.bad("recalls what it never remembered");
    this.push(this.#memo.get(index));
  }

  // Containers and constructors.

  setItems(pairs: readonly unknown[]): void {
    const target = this.top();
    if (target instanceof Inert) return;
    if (!(target instanceof Map)) throw this.bad("sets items on what is not a dict");
    for (const [key, value] of this.pairs(pairs)) target.set(key, value);
  }

  *pairs(items: readonly unknown[]): Iterable<[unknown, unknown]> {
    if (items.length % 2 !== 0) throw this.bad("has a key without a value");
    for (let i = 0; i < items.length; i += 2) yield [items[i], items[i + 1]];
  }

  append(items: readonly unknown[]): void {
    const target = this.top();
    if (target instanceof Inert) return;
    if (!Array.isArray(target)) throw this.bad("appends to what is not a list");
    for (const item of items) target.push(item);
  }

  add(items: readonly unknown[]): void {
    const target = this.top();
    if (target instanceof Inert) return;
    if (!(target instanceof Set)) throw this.bad("adds to what is not a set");
    for (const item of items) target.add(item);
  }

  find(module: unknown, name: unknown): void {
    if (typeof module !== "string" || typeof name !== "string")
      throw this.bad("names a constructor by no name");
    this.push(this.#constructors.find(module, name));
  }

  call(args: unknown): void {
    if (!Array.isArray(args)) throw this.bad("calls a constructor without arguments");
    this.push(this.#constructors.call(this.pop(), args));
  }

  build(state: unknown): void {
    this.push(this.#constructors.build(this.pop(), state));
  }

  persistent(id: unknown): void {
    this.push(this.#constructors.persistent(id));
  }
}

type Step = (p: Unpickler) => void;

const STOP = 0x2e;

/** The steps by opcode. Those of protocols 0 and 1 that torch never writes are absent and so refused. */
const STEPS: ReadonlyMap<number, Step> = new Map<number, Step>([
  [0x80, (p) => void p.take(1)], // PROTO
  [0x95, (p) => void p.take(8)], // FRAME
  [0x28, (p) => p.mark()], // MARK
  [0x30, (p) => void p.pop()], // POP
  [0x31, (p) => void p.popToMark()], // POP_MARK
  [0x32, (p) => p.push(p.top())], // DUP
  [0x4e, (p) => p.push(null)], // NONE
  [0x88, (p) => p.push(true)], // NEWTRUE
  [0x89, (p) => p.push(false)], // NEWFALSE
  [0x4a, (p) => p.push(p.int32())], // BININT
  [0x4b, (p) => p.push(p.uint(1))], // BININT1
  [0x4d, (p) => p.push(p.uint(2))], // BININT2
  [0x8a, (p) => p.push(p.long(p.uint(1)))], // LONG1
  [0x8b, (p) => p.push(p.long(p.uint(4)))], // LONG4
  [0x47, (p) => p.push(p.float64())], // BINFLOAT
  [0x54, (p) => p.push(p.text(p.uint(4)))], // BINSTRING
  [0x55, (p) => p.push(p.text(p.uint(1)))], // SHORT_BINSTRING
  [0x58, (p) => p.push(p.text(p.uint(4)))], // BINUNICODE
  [0x8c, (p) => p.push(p.text(p.uint(1)))], // SHORT_BINUNICODE
  [0x8d, (p) => p.push(p.text(p.uint(8)))], // BINUNICODE8
  [0x42, (p) => p.push(p.take(p.uint(4)))], // BINBYTES
  [0x43, (p) => p.push(p.take(p.uint(1)))], // SHORT_BINBYTES
  [0x8e, (p) => p.push(p.take(p.uint(8)))], // BINBYTES8
  [0x96, (p) => p.push(p.take(p.uint(8)))], // BYTEARRAY8
  [0x5d, (p) => p.push([])], // EMPTY_LIST
  [0x6c, (p) => p.push(p.popToMark())], // LIST
  [0x61, (p) => p.append([p.pop()])], // APPEND
  [0x65, (p) => p.append(p.popToMark())], // APPENDS
  [0x29, (p) => p.push([])], // EMPTY_TUPLE
  [0x74, (p) => p.push(p.popToMark())], // TUPLE
  [0x85, (p) => p.push(p.popMany(1))], // TUPLE1
  [0x86, (p) => p.push(p.popMany(2))], // TUPLE2
  [0x87, (p) => p.push(p.popMany(3))], // TUPLE3
  [0x7d, (p) => p.push(new Map())], // EMPTY_DICT
  [0x64, (p) => p.push(new Map(p.pairs(p.popToMark())))], // DICT
  [0x73, (p) => p.setItems(p.popMany(2))], // SETITEM
  [0x75, (p) => p.setItems(p.popToMark())], // SETITEMS
  [0x8f, (p) => p.push(new Set())], // EMPTY_SET
  [0x90, (p) => p.add(p.popToMark())], // ADDITEMS
  [0x91, (p) => p.push(new Set(p.popToMark()))], // FROZENSET
  [0x71, (p) => p.remember(p.uint(1))], // BINPUT
  [0x72, (p) => p.remember(p.uint(4))], // LONG_BINPUT
  [0x94, (p) => p.remember()], // MEMOIZE
  [0x68, (p) => p.recall(p.uint(1))], // BINGET
  [0x6a, (p) => p.recall(p.uint(4))], // LONG_BINGET
  [0x63, (p) => p.find(p.line(), p.line())], // GLOBAL
  [0x93, (p) => p.find(...(p.popMany(2) as [unknown, unknown]))], // STACK_GLOBAL
  [0x52, (p) => p.call(p.pop())], // REDUCE
  [0x81, (p) => p.call(p.pop())], // NEWOBJ
  [0x62, (p) => p.build(p.pop())], // BUILD
  [0x51, (p) => p.persistent(p.pop())], // BINPERSID
]);
