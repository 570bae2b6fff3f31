// Zip archives and pickles built by hand, so that tests can lie in them.
import { deflateRawSync } from "node:zlib";

export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array;
  readonly deflate?: boolean;
  /** Unpacked size to claim instead of the true one. */
  readonly claim?: number;
}

/** A zip archive of `entries`, without checksums (they are not looked at). */
export function zip(entries: readonly ZipEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, data, deflate = false, claim = data.length } of entries) {
    const body = deflate ? deflateRawSync(data) : data;
    const nameBytes = new TextEncoder().encode(name);
    // Fields shared by both headers: version, flags, method, time, date, crc, sizes, name length, extra length.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x800, 2);
    common.writeUInt16LE(deflate ? 8 : 0, 4);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(claim, 18);
    common.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from("PK\x03\x04"), common, nameBytes, body]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from("PK\x01\x02\x14\x00"), common, tail, nameBytes]));
    parts.push(local);
    at += local.length;
  }
  const size = directory.reduce((n, part) => n + part.length, 0);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

/** Pickle opcodes, each a Buffer; `pickle(...)` puts PROTO before and STOP after. */
export const op = {
  mark: Buffer.from("("),
  dict: Buffer.from("}"),
  list: Buffer.from("]"),
  emptyTuple: Buffer.from(")"),
  tuple: Buffer.from("t"),
  reduce: Buffer.from("R"),
  build: Buffer.from("b"),
  setItems: Buffer.from("u"),
  persistent: Buffer.from("Q"),
  global: (module: string, name: string) => Buffer.from(`c${module}\n${name}\n`),
  int: (value: number) => {
    const bytes = Buffer.alloc(5);
    bytes.write("J");
    bytes.writeInt32LE(value, 1);
    return bytes;
  },
  long: (value: bigint) => {
    const bytes = Buffer.alloc(10);
    bytes.set([0x8a, 8]);
    bytes.writeBigInt64LE(value, 2);
    return bytes;
  },
  text: (value: string) => {
    const bytes = Buffer.from(value);
    const head = Buffer.alloc(5);
    head.write("X");
    head.writeUInt32LE(bytes.length, 1);
    return Buffer.concat([head, bytes]);
  },
};

export function pickle(...ops: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x80, 2), ...ops, Buffer.from(".")]);
}

/** Opcodes for one float tensor. */
export function tensorOps(options: {
  key?: string;
  count?: bigint;
  type?: string;
  offset?: bigint;
  shape?: readonly bigint[];
  stride?: readonly bigint[];
  /** Opcodes in place of a shape. */
  rawShape?: readonly Uint8Array[];
}): Buffer {
  const { key = "0", count = 4n, type = "FloatStorage", offset = 0n, shape = [4n], stride = [1n] } = options;
  const longs = (values: readonly bigint[]) => [op.mark, ...values.map(op.long), op.tuple];
  return Buffer.concat([
    op.global("torch._utils", "_rebuild_tensor_v2"),
    op.mark,
    ...[
      op.mark,
      op.text("storage"),
      op.global("torch", type),
      op.text(key),
      op.text("cpu"),
      op.long(count),
      op.tuple,
    ],
    op.persistent,
    op.long(offset),
    ...(options.rawShape ?? longs(shape)),
    ...longs(stride),
    Buffer.from([0x89]),
    ...[op.global("collections", "OrderedDict"), op.emptyTuple, op.reduce],
    op.tuple,
    op.reduce,
  ]);
}

/** A torch archive whose only tensor is `w`. */
export function torchArchive(
  pickled: Uint8Array,
  storages: Readonly<Record<string, Uint8Array>> = {},
): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => ({ name: `a/data/${key}`, data: bytes }));
  return zip([{ name: "a/data.pkl", data: pickled }, ...data]);
}
