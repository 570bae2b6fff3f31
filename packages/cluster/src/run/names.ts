import { ClusterError } from "../errors.js";

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** The name of a run, which is part of paths, keys and messages. @throws ClusterError `name`. */
export function checkRunName(name: string): string {
  if (NAME.test(name)) return name;
  throw new ClusterError(
    "name",
    `${JSON.stringify(name.slice(0, 80))}: a run's name has letters, digits, ".", "_" and "-", 64 at most, and begins with one of the first two`,
  );
}

/** `c000012`: a chunk in results, messages and lists. */
export const chunkName = (index: number): string => `c${String(index).padStart(6, "0")}`;

/** Objects of a run. */
export const RUN_FILE = "run.json";
export const CHUNKS_FILE = "manifest/chunks.jsonl";
export const partFile = (part: number): string => `manifest/part-${part}.jsonl`;
export const resultFile = (chunk: number): string => `results/${chunkName(chunk)}.jsonl`;
/** Rows of a part of a chunk that was split, from its first row, under a name that sorts by place. */
export const pieceFile = (chunk: number, first: number, count: number): string =>
  `${piecesFolder(chunk)}/${String(first).padStart(6, "0")}-${count}.jsonl`;
export const piecesFolder = (chunk: number): string => `pieces/${chunkName(chunk)}`;

const RESULT = /^c(\d{6,9})\.jsonl$/;
const PIECE = /^(\d{6})-(\d{1,6})\.jsonl$/;

/** The chunk of a result's name; null for other names. */
export function chunkOf(name: string): number | null {
  const [, digits] = RESULT.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** Where a piece begins in its chunk, and its length; null for other names. */
export function pieceOf(name: string): { first: number; count: number } | null {
  const [, first, count] = PIECE.exec(name) ?? [];
  return first === undefined ? null : { first: Number(first), count: Number(count) };
}
