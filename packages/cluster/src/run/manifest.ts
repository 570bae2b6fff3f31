import { createHash } from "node:crypto";
import { ClusterError } from "../errors.js";
import type { Store } from "../store/store.js";
import { CHUNKS_FILE, chunkName, partFile } from "./names.js";

/** Images of one job: 20 to 60 s of work for a graphics card. Its lines lie one after another in a part of the manifest. */
export interface Chunk {
  readonly index: number;
  readonly part: number;
  /** Bytes before its first line in the part. */
  readonly offset: number;
  readonly bytes: number;
  /** Images. */
  readonly count: number;
}

/** What a manifest holds. */
export interface Manifest {
  readonly images: number;
  readonly chunks: readonly Chunk[];
  /** sha256 over all parts and the table of chunks. */
  readonly sha256: string;
}

/** Chunks of a part: parts of 512 images a chunk and 100 bytes a name have 10 MB. */
const CHUNKS_PER_PART = 200;
/** Bytes of an image's name. */
const NAME_BYTES = 8192;
/** Bytes that a chunk or the table of chunks may have when it is read. */
const CHUNK_BYTES = 64e6;
const TABLE_BYTES = 256e6;

const encoder = new TextEncoder();

/**
 * Writes the images of a run, a line each, in parts, and a table of its chunks. Memory is that of one part and the table (64 bytes a
 * chunk), however many images there are. Parts that are there already must be the same.
 *
 * @throws ClusterError `run` where other images have the run's name, or there are none.
 */
export async function writeManifest(
  store: Store,
  images: AsyncIterable<string> | Iterable<string>,
  chunkSize: number,
): Promise<Manifest> {
  const chunks: Chunk[] = [];
  const hash = createHash("sha256");
  let [total, part, offset] = [0, 0, 0];
  let lines: string[] = [];
  let held = { bytes: 0, count: 0 };
  const endChunk = () => {
    if (held.count === 0) return;
    chunks.push({ index: chunks.length, part, offset, ...held });
    offset += held.bytes;
    held = { bytes: 0, count: 0 };
  };
  const endPart = async () => {
    endChunk();
    if (lines.length === 0) return;
    const content = Buffer.from(lines.join(""));
    hash.update(content);
    await createSame(store, partFile(part), content);
    [lines, part, offset] = [[], part + 1, 0];
  };
  for await (const image of images) {
    const line = `${JSON.stringify({ image })}\n`;
    const bytes = Buffer.byteLength(line);
    if (bytes > NAME_BYTES)
      throw new ClusterError(
        "run",
        `${image.slice(0, 80)}...: names of images have ${NAME_BYTES} bytes at most`,
      );
    lines.push(line);
    total++;
    held = { bytes: held.bytes + bytes, count: held.count + 1 };
    if (held.count === chunkSize) endChunk();
    if (lines.length === chunkSize * CHUNKS_PER_PART) await endPart();
  }
  await endPart();
  if (total === 0) throw new ClusterError("run", `${store.where}: there are no images to score`);
  const table = encoder.encode(chunks.map(({ index: _, ...rest }) => `${JSON.stringify(rest)}\n`).join(""));
  hash.update(table);
  await createSame(store, CHUNKS_FILE, table);
  return { images: total, chunks, sha256: hash.digest("hex") };
}

async function createSame(store: Store, name: string, content: Uint8Array): Promise<void> {
  if (await store.create(name, content)) return;
  const there = await store.read(name, Math.max(content.length, CHUNK_BYTES, TABLE_BYTES));
  if (there !== null && Buffer.compare(there, content) === 0) return;
  throw new ClusterError(
    "run",
    `${store.where}/${name}: is of other images than these; choose another name for the run, or remove its folder`,
  );
}

/** The chunks of a run, by its table. */
export async function readChunks(store: Store): Promise<Chunk[]> {
  const bytes = await store.read(CHUNKS_FILE, TABLE_BYTES);
  if (bytes === null)
    throw new ClusterError("run", `${store.where}/${CHUNKS_FILE}: is missing; submit again`);
  return linesOf(bytes).map((line, index) => {
    const { part, offset, bytes, count } = parsed(line) as Record<string, number>;
    const chunk = { index, part, offset, bytes, count };
    if (!isChunk(chunk))
      throw new ClusterError("run", `${store.where}/${CHUNKS_FILE}: line ${index + 1} is damaged`);
    return chunk;
  });
}

/** Whether numbers can be those of a chunk, wherever they come from. */
export const isChunk = ({ index, part, offset, bytes, count }: Chunk): boolean =>
  [index, part, offset].every((n) => Number.isSafeInteger(n) && n >= 0) &&
  [bytes, count].every((n) => Number.isSafeInteger(n) && n >= 1 && n <= CHUNK_BYTES);

/** The images of a chunk. @throws ClusterError `chunk` where the manifest is not what the chunk says. */
export async function readImages(store: Store, chunk: Chunk): Promise<string[]> {
  const bytes = await store.slice(partFile(chunk.part), chunk.offset, chunk.bytes);
  const images = linesOf(bytes).map((line) => (parsed(line) as { image?: unknown }).image);
  if (images.length === chunk.count && images.every((image) => typeof image === "string"))
    return images as string[];
  throw new ClusterError(
    "chunk",
    `${store.where}/${partFile(chunk.part)}: does not hold the ${chunk.count} images of ${chunkName(chunk.index)}; submit again`,
  );
}

/** Lines of text, without their ends. */
export function linesOf(bytes: Uint8Array): string[] {
  const lines = new TextDecoder().decode(bytes).split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

/** A line's value; an empty object for what is no JSON object, which no check then takes. */
export function parsed(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
