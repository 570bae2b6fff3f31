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

/** The most bytes that a file may unpack to. */
export const mostUnpacked = ({ size }: ByteSource): number => FREE_BYTES + MAX_GROWTH * size;

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
    else {
      // yauzl holds the stream to the size that the entry claims.
      const unpack = async () => collect(await zip.openReadStreamPromise(entry), entry.uncompressedSize);
      yield* chunksOf((await guard(unpack())).subarray(offset, offset + length));
    }
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
      return collect(stream(name, 0, size), size);
    },
  };
}

async function listEntries(zip: yauzl.ZipFile, source: ByteSource, broken: (reason: string) => ClipError) {
  if (zip.entryCount > MAX_ENTRIES) throw broken(`it claims ${zip.entryCount} entries`);
  const limit = mostUnpacked(source);
  const entries = new Map<string, yauzl.Entry>();
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName;
    if (entries.has(name)) throw broken(`it has two entries ${quoted(name)}`);
    const other = entry.isEncrypted()
      ? "encrypted"
      : entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED
        ? `packed by method ${entry.compressionMethod}`
        : undefined;
    if (other !== undefined)
      throw new ClipError(
        "file-format",
        `${source.label}: a zip archive whose entry ${quoted(name)} is ${other}, which is not read; unpack it and name the weights file`,
      );
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

/** Joins chunks that hold `size` bytes in all. */
export async function collect(chunks: AsyncIterable<Uint8Array>, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** Bytes in chunks of at most CHUNK_BYTES. */
export function* chunksOf(bytes: Uint8Array): Iterable<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}
