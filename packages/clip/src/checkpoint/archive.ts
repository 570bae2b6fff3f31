// Zip archives as torch.save writes them: entries stored as they are, read by range from the open file.
import { Readable } from "node:stream";
import { type ByteSource, CHUNK_BYTES, quoted, streamRange } from "@inctrl/tensor/files";
import yauzl from "yauzl";
import { ClipError } from "../errors.js";

const STORED = 0;
const DEFLATED = 8;

// A checkpoint of 1 billion parameters has a few thousand entries.
const MAX_ENTRIES = 200_000;
// Weights hardly compress: an archive that claims to unpack to more than this is a zip bomb.
const MAX_GROWTH = 20;
const FREE_BYTES = 64 * 1024 * 1024;

/** An opened archive, with only its directory in memory. */
export interface Archive {
  readonly names: Iterable<string>;
  /** Unpacked size of an entry, undefined when there is none of that name. */
  size(name: string): number | undefined;
  /** Bytes [offset, offset + length) of an entry, in chunks of at most CHUNK_BYTES. */
  stream(name: string, offset: number, length: number): AsyncIterable<Uint8Array>;
  /** A whole entry. @throws ClipError `too-large` above `limit` bytes. */
  read(name: string, limit: number): Promise<Uint8Array>;
}

/** Lets yauzl read through a ByteSource. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(streamRange(this.#source, start, end - start), { objectMode: false });
  }
}

/** Reads an archive's directory. @throws ClipError `bad-archive`, or `too-large` for a zip bomb. */
export async function openArchive(source: ByteSource): Promise<Archive> {
  const { label } = source;
  const broken = (reason: string, cause?: unknown) =>
    new ClipError("bad-archive", `${label}: a damaged zip archive (${reason}); fetch it again`, { cause });
  const guard = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (error instanceof ClipError) throw error;
      throw broken(error instanceof Error ? error.message : String(error), error);
    }
  };

  const zip = await guard(
    yauzl.fromRandomAccessReaderPromise(new SourceReader(source), source.size, { autoClose: false }),
  );
  const entries = await guard(listEntries(zip, source, broken));
  const starts = new Map<string, Promise<number>>();

  const find = (name: string): yauzl.Entry => {
    const entry = entries.get(name);
    if (entry === undefined) throw broken(`it has no entry ${quoted(name)}`);
    return entry;
  };
  /** Where a stored entry's bytes begin; its local header is read once. */
  const startOf = (entry: yauzl.Entry): Promise<number> => {
    let start = starts.get(entry.fileName);
    if (start === undefined) {
      start = guard(zip.readLocalFileHeaderPromise(entry, { minimal: true })).then(
        (header) => header.fileDataStart,
      );
      starts.set(entry.fileName, start);
    }
    return start;
  };
  async function* stream(name: string, offset: number, length: number): AsyncIterable<Uint8Array> {
    const entry = find(name);
    if (offset + length > entry.uncompressedSize) throw broken(`its entry ${quoted(name)} is too short`);
    if (entry.compressionMethod === STORED)
      yield* streamRange(source, (await startOf(entry)) + offset, length);
    else yield* window(await guard(zip.openReadStreamPromise(entry)), offset, length, broken);
  }
  return {
    names: entries.keys(),
    size: (name) => entries.get(name)?.uncompressedSize,
    stream,
    async read(name, limit) {
      const size = find(name).uncompressedSize;
      if (size > limit)
        throw new ClipError(
          "too-large",
          `${label}: its entry ${quoted(name)} claims ${size} bytes; at most ${limit} are read`,
        );
      const bytes = new Uint8Array(size);
      let at = 0;
      for await (const chunk of stream(name, 0, size)) {
        bytes.set(chunk, at);
        at += chunk.length;
      }
      return bytes;
    },
  };
}

async function listEntries(zip: yauzl.ZipFile, source: ByteSource, broken: (reason: string) => ClipError) {
  if (zip.entryCount > MAX_ENTRIES) throw broken(`it claims ${zip.entryCount} entries`);
  const limit = FREE_BYTES + MAX_GROWTH * source.size;
  const entries = new Map<string, yauzl.Entry>();
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    if (entries.has(name)) throw broken(`it has two entries ${quoted(name)}`);
    if (entry.isEncrypted()) throw broken(`its entry ${quoted(name)} is encrypted`);
    if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
      throw broken(`its entry ${quoted(name)} is packed by unknown method ${entry.compressionMethod}`);
    total += entry.uncompressedSize;
    if (total > limit)
      throw new ClipError(
        "too-large",
        `${source.label}: ${source.size} bytes claim to unpack to ${total} or more, a zip bomb; not read`,
      );
    entries.set(name, entry);
  }
  return entries;
}

/** The bytes [offset, offset + length) of an unpacking stream, cut into full chunks but for the last. */
async function* window(
  stream: Readable,
  offset: number,
  length: number,
  broken: (reason: string, cause?: unknown) => ClipError,
): AsyncIterable<Uint8Array> {
  let skip = offset;
  let left = length;
  let chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
  let filled = 0;
  try {
    for await (let piece of stream as AsyncIterable<Uint8Array>) {
      const skipped = Math.min(skip, piece.length);
      skip -= skipped;
      piece = piece.subarray(skipped);
      while (piece.length > 0 && left > 0) {
        const taken = Math.min(piece.length, chunk.length - filled);
        chunk.set(piece.subarray(0, taken), filled);
        piece = piece.subarray(taken);
        filled += taken;
        left -= taken;
        if (filled < chunk.length) continue;
        yield chunk;
        chunk = new Uint8Array(Math.min(CHUNK_BYTES, left));
        filled = 0;
      }
      if (left === 0) return;
    }
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error), error);
  }
  if (left > 0) throw broken("an entry unpacks to less than it claims");
}
