import type { ByteSource } from "@inctrl/tensor/files";
import { streamRange } from "@inctrl/tensor/files";

/** Where a PyTorch file keeps the values of its storages. */
export interface Storages {
  /** Bytes of a storage; undefined where there is none of that key. */
  size(key: string): number | undefined;
  /** Bytes [offset, offset + length) of a storage, in chunks of at most CHUNK_BYTES. */
  stream(key: string, offset: number, length: number): AsyncIterable<Uint8Array>;
}

/** A PyTorch file of any age: the object that was saved, and the values it refers to. */
export interface TorchContainer {
  readonly value: unknown;
  readonly storages: Storages;
}

/** A run of bytes in a file. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** Storages that lie in the file itself. */
export function storagesAt(source: ByteSource, ranges: ReadonlyMap<string, ByteRange>): Storages {
  return {
    size: (key) => ranges.get(key)?.length,
    stream: (key, offset, length) => streamRange(source, ranges.get(key)!.start + offset, length),
  };
}
