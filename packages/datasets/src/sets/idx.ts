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
  const head = 4 + 4 * rank;
  const parts: Uint8Array[] = [];
  let dims: number[] | undefined;
  let [got, want] = [0, head];
  const collect = async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) {
      parts.push(chunk);
      got += chunk.length;
      if (!dims && got >= head) {
        dims = readDims(Buffer.concat(parts), rank, path);
        want = head + dims.reduce((size, side) => size * side, 1);
      }
      if (got > want && dims) {
        throw damaged(path, `more than the ${want} bytes its header says`);
      }
    }
  };
  let first: unknown;
  const end = (chunks: AsyncIterable<Uint8Array>) =>
    collect(chunks).catch((error) => {
      // The pipeline may report a consequence of this error instead, such as an aborted gunzip.
      first = error;
      throw error;
    });
  try {
    const file = streamPlainFile(path, MAX_BYTES);
    await (/\.gz$/i.test(path) ? pipeline(file, createGunzip(), end) : pipeline(file, end));
  } catch (error) {
    throw idxError(path, first ?? error);
  }
  if (!dims || got < want) {
    throw damaged(path, `${got} bytes of the ${want} its header says`, "truncated");
  }
  const data = Buffer.concat(parts, got).subarray(head);
  return { path, dims, itemBytes: dims.slice(1).reduce((size, side) => size * side, 1), data };
}

const damaged = (path: string, problem: string, code: "corrupt" | "truncated" = "corrupt") =>
  new DatasetError(code, `${path}: ${problem}; download it again`);

function readDims(bytes: Buffer, rank: number, path: string): number[] {
  if (bytes.readUInt32BE(0) !== 0x0800 + rank) {
    const found = bytes.subarray(0, 4).toString("hex");
    throw damaged(path, `begins with ${found}, which is no IDX of ${rank} dimensions`);
  }
  const dims = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const size = dims.reduce((product, side) => product * side, 1);
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
