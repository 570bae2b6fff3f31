import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { streamPlainFile } from "@inctrl/tensor/files";
import { DatasetError, readError, systemCode } from "../errors.js";

/** Values of a file in the IDX format, 8-bit and unsigned: `dims[0]` items of `itemBytes` bytes. */
export interface Idx {
  readonly path: string;
  readonly dims: readonly number[];
  readonly itemBytes: number;
  readonly data: Uint8Array;
}

/** MNIST has 47 MB; the largest set in this format has half a gigabyte. */
const MAX_BYTES = 2 ** 30;

/**
 * Reads an IDX file, gzipped or not, of unsigned bytes with this many dimensions. Exactly the size that the header declares is
 * read; more or less is an error.
 *
 * @throws DatasetError `missing`, `corrupt` or `truncated`
 */
export async function readIdx(path: string, rank: number): Promise<Idx> {
  const collector = new IdxCollector(path, rank);
  let first: unknown;
  const end = async (chunks: AsyncIterable<Uint8Array>) => {
    try {
      for await (const chunk of chunks) collector.add(chunk);
    } catch (error) {
      // The pipeline may report a consequence of this error instead, such as an aborted gunzip.
      first = error;
      throw error;
    }
  };
  try {
    const file = streamPlainFile(path, MAX_BYTES);
    await (/\.gz$/i.test(path) ? pipeline(file, createGunzip(), end) : pipeline(file, end));
  } catch (error) {
    throw idxError(path, first ?? error);
  }
  return collector.end();
}

/** Takes an unpacked file piece by piece, and no more of it than its header declares. */
export class IdxCollector {
  readonly #path: string;
  readonly #rank: number;
  readonly #head: number;
  readonly #parts: Uint8Array[] = [];
  #dims: number[] | undefined;
  #got = 0;
  #want: number;

  constructor(path: string, rank: number) {
    this.#path = path;
    this.#rank = rank;
    this.#head = 4 + 4 * rank;
    this.#want = this.#head;
  }

  /** @throws DatasetError `corrupt` */
  add(chunk: Uint8Array): void {
    this.#parts.push(chunk);
    this.#got += chunk.length;
    if (!this.#dims && this.#got >= this.#head) {
      this.#dims = readDims(Buffer.concat(this.#parts), this.#rank, this.#path);
      this.#want = this.#head + sizeOf(this.#dims);
    }
    if (this.#got > this.#want && this.#dims)
      throw damaged(this.#path, `more than the ${this.#want} bytes its header says`);
  }

  /** @throws DatasetError `truncated` */
  end(): Idx {
    const dims = this.#dims;
    if (!dims || this.#got < this.#want)
      throw damaged(this.#path, `${this.#got} bytes of the ${this.#want} its header says`, "truncated");
    const data = Buffer.concat(this.#parts, this.#got).subarray(this.#head);
    return { path: this.#path, dims, itemBytes: sizeOf(dims.slice(1)), data };
  }
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((size, side) => size * side, 1);

const damaged = (path: string, problem: string, code: "corrupt" | "truncated" = "corrupt") =>
  new DatasetError(code, `${path}: ${problem}; download it again`);

function readDims(bytes: Buffer, rank: number, path: string): number[] {
  if (bytes.readUInt32BE(0) !== 0x0800 + rank) {
    const found = bytes.subarray(0, 4).toString("hex");
    throw damaged(path, `begins with ${found}, which is no IDX of ${rank} dimensions`);
  }
  const dims = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = sizeOf(dims);
  if (size === 0 || size > MAX_BYTES) {
    throw damaged(path, `its header says ${dims.join(" x ")} bytes`);
  }
  return dims;
}

function idxError(path: string, error: unknown): DatasetError {
  if (error instanceof DatasetError) return error;
  const code = systemCode(error);
  if (code === "Z_BUF_ERROR") return damaged(path, "the gzip ends early", "truncated");
  if (code.startsWith("Z_")) return damaged(path, `damaged gzip (${code})`);
  return readError(path, error);
}
