import { ClusterError } from "../errors.js";
import type { Store } from "../store/store.js";
import { type Chunk, linesOf, parsed } from "./manifest.js";
import { chunkName, pieceFile, pieceOf, piecesFolder, resultFile } from "./names.js";
import { fingerprintOf, type Run } from "./run-file.js";

/** What became of an image: the line of its record, as `inctrl score --format jsonl` writes it, or why it has none. */
export type Row = { readonly image: string; readonly line: string } | Failure;

export interface Failure {
  readonly image: string;
  readonly error: string;
}

/** Who scored. */
export interface Scored {
  /** Hash of the network's weights, as the worker found it. */
  readonly model: string;
  /** The adapter. */
  readonly device: string;
}

/** The first line of a chunk. */
export interface ChunkHead extends Scored {
  /** Fingerprint of the run. */
  readonly run: string;
  readonly chunk: number;
  readonly count: number;
  /** Seconds that its worker took; absent where pieces were joined. */
  readonly seconds?: number;
}

/** Who scored, and the seconds that it took. */
export type ScoredIn = Scored & Pick<ChunkHead, "seconds">;

/** Bytes of the rows of a chunk: 40 kB an image of the largest chunk. */
const MAX_BYTES = 512e6;
/** Bytes that the first line of a chunk has at most. */
const HEAD_BYTES = 4096;

/** The text of a chunk's rows: a line about the whole, then a line an image. */
function encodeRows(run: Run, chunk: number, rows: readonly Row[], by: ScoredIn): Uint8Array {
  const { model, device } = by;
  const seconds = by.seconds && Number(by.seconds.toFixed(3));
  const head: ChunkHead = { run: fingerprintOf(run), chunk, count: rows.length, model, device, seconds };
  const lines = rows.map((row) =>
    "error" in row ? JSON.stringify({ image: row.image, error: row.error }) : row.line,
  );
  return new TextEncoder().encode(`${[JSON.stringify(head), ...lines].join("\n")}\n`);
}

/** Writes the result of a chunk, unless it is there. @returns whether this call did. */
export const writeRows = (store: Store, run: Run, chunk: Chunk, rows: readonly Row[], by: ScoredIn) =>
  store.create(resultFile(chunk.index), encodeRows(run, chunk.index, rows, by));

/** The first line of a chunk's result, unchecked. */
export async function readHead(store: Store, chunk: number): Promise<Partial<ChunkHead>> {
  const [first = ""] = linesOf(await store.slice(resultFile(chunk), 0, HEAD_BYTES));
  return parsed(first);
}

/** The result of a chunk; null where there is none. @throws ClusterError `chunk` for one of another run, or with other images. */
export async function readRows(store: Store, run: Run, chunk: number, images: readonly string[]) {
  return decodeRows(store, run, resultFile(chunk), chunk, images);
}

async function decodeRows(store: Store, run: Run, name: string, chunk: number, images: readonly string[]) {
  const bytes = await store.read(name, MAX_BYTES);
  if (bytes === null) return null;
  const refuse = (why: string) =>
    new ClusterError("chunk", `${store.where}/${name}: ${why}; remove it, and submit again`);
  const [first = "", ...lines] = linesOf(bytes);
  const head = parsed(first) as Partial<ChunkHead>;
  if (head.run !== fingerprintOf(run) || head.model !== run.model || head.chunk !== chunk)
    throw refuse("was made by another run, model or version than this one");
  if (lines.length !== images.length || head.count !== images.length)
    throw refuse(`has ${lines.length} rows for ${images.length} images`);
  const rows = lines.map((line, i): Row => {
    const { image, error } = parsed(line) as { image?: unknown; error?: unknown };
    if (image !== images[i]) throw refuse(`row ${i + 1} is not of ${images[i]}`);
    return typeof error === "string" ? { image: images[i], error } : { image: images[i], line };
  });
  return { rows, device: String(head.device) };
}

/** Chunks that have a result. */
export async function finishedChunks(
  store: Store,
  chunkOf: (name: string) => number | null,
): Promise<Set<number>> {
  const found = new Set<number>();
  for await (const name of store.list("results")) {
    const chunk = chunkOf(name);
    if (chunk !== null) found.add(chunk);
  }
  return found;
}

/** Writes the rows of a part of a chunk, from its row `first`. */
export const writePiece = (
  store: Store,
  run: Run,
  { chunk, first }: { chunk: number; first: number },
  rows: readonly Row[],
  by: Scored,
) => store.create(pieceFile(chunk, first, rows.length), encodeRows(run, chunk, rows, by));

/** Joins the pieces of a chunk to its result once they are all there. @returns whether they are. */
export async function joinPieces(
  store: Store,
  run: Run,
  chunk: Chunk,
  images: readonly string[],
): Promise<boolean> {
  const pieces: { first: number; count: number }[] = [];
  for await (const name of store.list(piecesFolder(chunk.index))) {
    const piece = pieceOf(name);
    if (piece !== null) pieces.push(piece);
  }
  const rows: Row[] = [];
  let device = "";
  while (rows.length < images.length) {
    // Of pieces that begin alike, which two rounds of splitting may have left, the longest.
    const [next] = pieces.filter(({ first }) => first === rows.length).sort((a, b) => b.count - a.count);
    if (next === undefined) return false;
    const name = pieceFile(chunk.index, next.first, next.count);
    const own = images.slice(next.first, next.first + next.count);
    const found = await decodeRows(store, run, name, chunk.index, own);
    if (found === null)
      throw new ClusterError(
        "chunk",
        `${store.where}/${name}: is gone; split ${chunkName(chunk.index)} again`,
      );
    rows.push(...found.rows);
    device ||= found.device;
  }
  await writeRows(store, run, chunk, rows, { model: run.model, device });
  return true;
}
