// The two forms of torch.save before PyTorch 1.6: a stream of pickles with the storages behind them, and, before 0.1.10, a tar
// archive. Both go through the same constructors and bounds as the zip form.
import {
  type ByteSource,
  elementCount,
  type FileDType,
  itemSize,
  TensorFileError,
} from "@inctrl/tensor/files";
import { ClipError } from "../errors.js";
import { type Constructors, CutPickle, unpickleNext } from "./pickle.js";
import { type ByteRange, storagesAt, type TorchContainer } from "./torch-container.js";
import {
  StorageType,
  storagePart,
  type TorchStorage,
  TorchTensor,
  torchConstructors,
} from "./torch-objects.js";
import { MAX_PICKLE_BYTES } from "./torch-zip.js";

/** First bytes looked at for a pickle, and how much more are where they are too few. */
const [FIRST_WINDOW, GROWTH] = [1 << 16, 8];
const PROTOCOL = 1001;
/** Storages or tensors of a tar archive. */
const MAX_ITEMS = 200_000;
const MAX_RANK = 64;

/** Reads pickles and numbers one after the other. */
class Cursor {
  readonly #source: ByteSource;
  readonly #constructors: Constructors;
  readonly #end: number;
  #at: number;

  constructor(source: ByteSource, constructors: Constructors, { start, length }: ByteRange) {
    this.#source = source;
    this.#constructors = constructors;
    this.#at = start;
    this.#end = start + length;
  }

  /** The value of the pickle that begins here. */
  async pickle(): Promise<unknown> {
    for (let window = FIRST_WINDOW; ; window *= GROWTH) {
      const length = Math.min(window, this.#end - this.#at);
      try {
        const bytes = await this.#source.read(this.#at, length);
        const read = unpickleNext(bytes, this.#constructors, this.#source.label);
        this.#at += read.length;
        return read.value;
      } catch (error) {
        if (!(error instanceof CutPickle) || length < window || window > MAX_PICKLE_BYTES) throw error;
      }
    }
  }

  /** A signed little-endian number of 4 or 8 bytes. */
  async integer(width: 4 | 8): Promise<number> {
    this.#within(width);
    const bytes = await this.#source.read(this.#at, width);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    this.#at += width;
    return width === 4 ? view.getInt32(0, true) : Number(view.getBigInt64(0, true));
  }

  /** The place of a storage's values, which follow their number. */
  async values(dtype: FileDType): Promise<ByteRange> {
    const count = await this.integer(8);
    const length = elementCount([count], `${this.#source.label}: a storage`) * itemSize(dtype);
    this.#within(length);
    const start = this.#at;
    this.#at += length;
    return { start, length };
  }

  #within(length: number): void {
    if (this.#at + length > this.#end)
      throw new TensorFileError(
        "truncated",
        `${this.#source.label}: needs ${this.#at + length} bytes but holds ${this.#end}; the file is cut short, fetch it again`,
      );
  }
}

const badly = (label: string, what: string) =>
  new ClipError("bad-pickle", `${label}: ${what}; save it again with a PyTorch from 1.6 on`);

/** Reads a stream: a magic number, a version, the machine, the object, the storages' keys; then their values in that order. */
export async function readStream(source: ByteSource): Promise<TorchContainer> {
  const { label } = source;
  const known = new Map<string, TorchStorage>();
  const constructors = torchConstructors(label);
  const persistent = (id: unknown) => {
    const storage = constructors.persistent(id) as TorchStorage;
    known.set(storage.key, storage);
    return storage;
  };
  const cursor = new Cursor(source, { ...constructors, persistent }, { start: 0, length: source.size });
  await cursor.pickle();
  const version = await cursor.pickle();
  if (version !== PROTOCOL) throw badly(label, "its form is of no known version");
  requireLittleEndian(await cursor.pickle(), label);
  const value = await cursor.pickle();
  const keys = await cursor.pickle();
  if (!Array.isArray(keys)) throw badly(label, "it has no list of storages");
  const ranges = new Map<string, ByteRange>();
  for (const key of keys) {
    const storage = known.get(key);
    if (storage === undefined || ranges.has(key))
      throw badly(label, "its list of storages has one that no tensor has");
    ranges.set(key, await cursor.values(storage.dtype));
  }
  return { value, storages: storagesAt(source, ranges) };
}

/** Reads a tar archive: storages, tensors, and the object that refers to them by number. */
export async function readTar(source: ByteSource): Promise<TorchContainer> {
  const { label } = source;
  const members = await listTar(source);
  const constructors = torchConstructors(label);
  const tensors = new Map<string, TorchTensor | TorchStorage>();
  const persistent = (id: unknown) => {
    const found = typeof id === "string" ? tensors.get(id) : undefined;
    if (found === undefined) throw badly(label, "it refers to a tensor that it does not hold");
    return found;
  };
  const open = (name: string): Cursor => {
    const member = members.get(name);
    if (member === undefined)
      throw new ClipError(
        "file-format",
        `${label}: a tar archive that torch.save did not write (no ${name} in it); unpack it and name the weights file`,
      );
    return new Cursor(source, { ...constructors, persistent }, member);
  };
  const [info, objects] = [open("sys_info"), open("pickle")];
  requireLittleEndian(await info.pickle(), label);
  const { ranges, storages } = await tarStorages(open("storages"), label);
  for (const [key, storage] of storages) tensors.set(key, storage);
  await tarTensors(open("tensors"), storages, tensors, label);
  return { value: await objects.pickle(), storages: storagesAt(source, ranges) };
}

/** Storages with their values, then parts of them. */
async function tarStorages(cursor: Cursor, label: string) {
  const refuse = (what: string) => badly(label, `it ${what}`);
  const ranges = new Map<string, ByteRange>();
  const storages = new Map<string, TorchStorage>();
  for (let left = amount(await cursor.pickle(), label); left > 0; left--) {
    const [key, , type] = listOf(await cursor.pickle(), 3, label);
    if (!(type instanceof StorageType)) throw refuse("has a storage of no type");
    const range = await cursor.values(type.dtype);
    const whole = range.length / itemSize(type.dtype);
    const name = nameOf(key, label);
    ranges.set(name, range);
    storages.set(name, storagePart(name, type.dtype, { start: 0, count: whole, whole }, refuse));
  }
  for (const view of listOf(await cursor.pickle(), undefined, label)) {
    const [key, of, start, count] = listOf(view, 4, label);
    const root = storages.get(nameOf(of, label));
    if (root === undefined) throw refuse("has a part of a storage that it does not hold");
    const part = storagePart(root.key, root.dtype, { start, count, whole: root.whole }, refuse);
    storages.set(nameOf(key, label), part);
  }
  return { ranges, storages };
}

async function tarTensors(
  cursor: Cursor,
  storages: ReadonlyMap<string, TorchStorage>,
  tensors: Map<string, TorchTensor | TorchStorage>,
  label: string,
): Promise<void> {
  for (let left = amount(await cursor.pickle(), label); left > 0; left--) {
    const [key, of] = listOf(await cursor.pickle(), 3, label);
    const storage = storages.get(nameOf(of, label));
    const rank = await cursor.integer(4);
    if (storage === undefined || rank < 0 || rank > MAX_RANK)
      throw badly(label, "it has a tensor without values");
    await cursor.integer(4);
    const sizes: number[] = [];
    for (let i = 0; i < 2 * rank; i++) sizes.push(await cursor.integer(8));
    const offset = await cursor.integer(8);
    tensors.set(
      nameOf(key, label),
      new TorchTensor(storage, offset, sizes.slice(0, rank), sizes.slice(rank)),
    );
  }
}

const BLOCK = 512;

/** The files in a tar archive. */
async function listTar(source: ByteSource): Promise<Map<string, ByteRange>> {
  const members = new Map<string, ByteRange>();
  for (let at = 0; at + BLOCK <= source.size && members.size < 100; ) {
    const header = await source.read(at, BLOCK);
    const text = (start: number, length: number) =>
      new TextDecoder("latin1")
        .decode(header.subarray(start, start + length))
        .split("\0")[0]
        .trim();
    const name = text(0, 100);
    if (name === "") break;
    const length = Number.parseInt(text(124, 12) || "0", 8);
    const start = at + BLOCK;
    if (!(length >= 0) || start + length > source.size)
      throw new TensorFileError(
        "truncated",
        `${source.label}: a tar archive that is cut short at ${JSON.stringify(name.slice(0, 60))}; fetch it again`,
      );
    members.set(name.replace(/^\.\//, ""), { start, length });
    at = start + Math.ceil(length / BLOCK) * BLOCK;
  }
  return members;
}

function requireLittleEndian(machine: unknown, label: string): void {
  if (!(machine instanceof Map) || machine.get("little_endian") !== true)
    throw new ClipError("file-format", `${label}: was saved on a big-endian machine`);
}

function amount(value: unknown, label: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > MAX_ITEMS)
    throw badly(label, "its number of tensors is impossible");
  return value as number;
}

function listOf(value: unknown, length: number | undefined, label: string): readonly unknown[] {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length))
    throw badly(label, "its lists of tensors are of another form");
  return value;
}

/** The number that stands for a storage or tensor, as text. */
function nameOf(key: unknown, label: string): string {
  if (typeof key !== "number" && typeof key !== "bigint" && typeof key !== "string")
    throw badly(label, "it names a tensor by no number");
  return String(key);
}
