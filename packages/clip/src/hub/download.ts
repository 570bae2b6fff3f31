import { createHash } from "node:crypto";
import { type FileHandle, open, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { boundedJson, readPlainText, streamPlainFile, syncFolder } from "@inctrl/tensor/files";
import type { HubFile } from "./catalog.js";
import { HubError } from "./errors.js";
import { reason, request } from "./http.js";
import { type RetryOptions, TransientError, withRetries } from "./retry.js";

/** Bytes received; `total` is undefined while the server has not announced it. */
export interface DownloadProgress {
  readonly received: number;
  readonly total: number | undefined;
}

export interface DownloadOptions extends RetryOptions, Pick<HubFile, "sha256" | "bytes" | "maxBytes"> {
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Milliseconds without data after which a connection counts as cut. Default 30,000. */
  readonly idleMs?: number;
}

/** The source of the bytes in a `.part` file. */
interface PartRecord {
  readonly url: string;
  readonly etag: string;
}

/**
 * Downloads `url` to `target`, which appears only once its checksum holds, and returns the sum and size.
 *
 * Bytes collect in `<target>.part`. A cut download goes on from there, in this call or the next one, as long as the
 * server's strong ETag still names the same content; otherwise it starts over.
 *
 * @throws HubError, or the errors of the disk and of `signal`.
 */
export async function download(
  url: string,
  target: string,
  options: DownloadOptions,
): Promise<{ sha256: string; bytes: number }> {
  const received = () => sizeOf(`${target}.part`);
  await withRetries(url, () => receive(url, target, options), options, received);
  return accept(url, target, options);
}

/** One attempt. It continues the part if the server confirms that the content is the same, and starts over otherwise. */
async function receive(url: string, target: string, options: DownloadOptions): Promise<void> {
  const part = `${target}.part`;
  const record = await readRecord(`${part}.json`);
  const size = await sizeOf(part);
  const from = record?.url === url && size > 0 ? size : 0;

  const idle = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, idle.signal]) : idle.signal;
  const restartIdle = idleTimer(options.idleMs ?? 30_000, () => idle.abort());
  const headers: Record<string, string> = { "accept-encoding": "identity" };
  if (record && from) Object.assign(headers, { range: `bytes=${from}-`, "if-range": record.etag });
  try {
    const response = await request(url, { headers, signal }, [416]);
    if (response.status === 416) {
      // The part is as long as the file or longer: its checksum decides, unless it cannot be the whole file.
      await response.body?.cancel();
      if (response.headers.get("content-range") === `bytes */${from}`) return;
      await discard(target);
      throw new TransientError("the server has no such range");
    }
    const range = extent(response, from, url);
    check(url, range.total, options);
    await keepRecord(`${part}.json`, url, response.headers.get("etag"));
    await using file = await open(part, range.start === 0 ? "w" : "r+");
    await drain(response, file, range, url, { ...options, onBytes: restartIdle });
  } catch (error) {
    if (options.signal?.aborted || !idle.signal.aborted) throw error;
    throw new TransientError("no data for too long", 0, { cause: error });
  } finally {
    restartIdle(false);
  }
}

function idleTimer(ms: number, onIdle: () => void): (again?: boolean) => void {
  let timer = setTimeout(onIdle, ms);
  return (again = true) => {
    clearTimeout(timer);
    if (again) timer = setTimeout(onIdle, ms);
  };
}

/** Offset of the body in the file, and the length of the whole file, from a 200 or a 206 answer. */
function extent(response: Response, from: number, url: string): { start: number; total: number | undefined } {
  const encoding = response.headers.get("content-encoding");
  if (encoding && encoding !== "identity")
    throw new HubError(
      "network",
      `${url}: the server re-encodes the file (${encoding}), so it cannot be resumed or checked`,
    );
  const length = response.headers.get("content-length");
  if (response.status !== 206) return { start: 0, total: length === null ? undefined : Number(length) };
  const range = response.headers.get("content-range")?.match(/^bytes (\d+)-(\d+)\/(\d+|\*)$/);
  if (!range || Number(range[1]) !== from)
    throw new TransientError("the server sent another range than asked for");
  return { start: from, total: range[3] === "*" ? undefined : Number(range[3]) };
}

function check(url: string, total: number | undefined, { bytes, maxBytes }: DownloadOptions): void {
  if (total === undefined) return;
  if (total > maxBytes)
    throw new HubError(
      "too-large",
      `${url}: ${total} bytes announced, at most ${maxBytes} are expected of this file`,
    );
  if (bytes !== undefined && total !== bytes)
    throw new HubError("wrong-length", `${url}: ${total} bytes announced, the published file has ${bytes}`);
}

async function drain(
  response: Response,
  file: FileHandle,
  { start, total }: ReturnType<typeof extent>,
  url: string,
  { onBytes, ...options }: DownloadOptions & { readonly onBytes: () => void },
): Promise<void> {
  let received = start;
  options.onProgress?.({ received, total });
  try {
    for await (const chunk of response.body ?? []) {
      onBytes();
      if (received + chunk.length > Math.min(options.maxBytes, total ?? Number.POSITIVE_INFINITY))
        throw new HubError(
          "too-large",
          `${url}: more bytes come than announced or expected (${total ?? options.maxBytes})`,
        );
      await writeAll(file, chunk, received);
      received += chunk.length;
      options.onProgress?.({ received, total });
    }
  } catch (error) {
    if (error instanceof HubError || options.signal?.aborted || isDiskError(error)) throw error;
    throw new TransientError(`connection cut after ${received} bytes (${reason(error)})`, 0, {
      cause: error,
    });
  }
  if (total !== undefined && received < total)
    throw new TransientError(`connection cut after ${received} of ${total} bytes`);
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, position + done);
    done += bytesWritten;
  }
}

/** Renames the part to the target if its checksum is right, and deletes it otherwise. */
async function accept(
  url: string,
  target: string,
  { sha256, bytes }: DownloadOptions,
): Promise<{ sha256: string; bytes: number }> {
  const part = `${target}.part`;
  const size = await sizeOf(part);
  const sum = await sha256Of(part);
  if (!sum.startsWith(sha256.toLowerCase())) {
    await discard(target);
    const short = bytes !== undefined && size !== bytes ? ` and ${size} of ${bytes} bytes` : "";
    throw new HubError(
      "checksum",
      `${url}: wrong checksum${short}: got sha256 ${sum}, want ${sha256}; it was deleted, try again`,
    );
  }
  const file = await open(part, "r+");
  await file.sync();
  await file.close();
  await rename(part, target);
  await syncFolder(path.dirname(target));
  await rm(`${part}.json`, { force: true });
  return { sha256: sum, bytes: size };
}

/** The SHA-256 sum of a file in hex, read in chunks. */
export async function sha256Of(file: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of streamPlainFile(file, Number.POSITIVE_INFINITY)) hash.update(piece);
  return hash.digest("hex");
}

async function discard(target: string): Promise<void> {
  await rm(`${target}.part`, { force: true });
  await rm(`${target}.part.json`, { force: true });
}

/** Bytes of a part. Something that is no plain file in its place is removed: writing to a pipe would wait for ever. */
async function sizeOf(file: string): Promise<number> {
  const info = await stat(file).catch(() => undefined);
  if (info && !info.isFile()) await rm(file, { force: true, recursive: true });
  return info?.isFile() ? info.size : 0;
}

const MAX_RECORD_BYTES = 1e4;

const readRecord = async (file: string): Promise<PartRecord | undefined> =>
  recordIn(await readPlainText(file, MAX_RECORD_BYTES).catch(() => ""));

/** What is known of a part of a download; undefined where the text is no record. */
export function recordIn(text: string): PartRecord | undefined {
  try {
    const { url, etag } = boundedJson(text) as Partial<PartRecord>;
    return typeof url === "string" && typeof etag === "string" ? { url, etag } : undefined;
  } catch {
    return undefined;
  }
}

/** Downloads without a strong ETag cannot be resumed: nothing tells whether the content is still the same. */
async function keepRecord(file: string, url: string, etag: string | null): Promise<void> {
  await rm(file, { force: true, recursive: true });
  if (etag?.startsWith('"')) await writeFile(file, JSON.stringify({ url, etag } satisfies PartRecord));
}

// Errors of the disk are told from those of the connection by their codes.
const DISK_ERRORS = new Set(
  "EACCES EDQUOT EFBIG EIO EISDIR EMFILE ENOENT ENOSPC ENOTDIR EPERM EROFS".split(" "),
);
const isDiskError = (error: unknown): boolean =>
  DISK_ERRORS.has((error as NodeJS.ErrnoException | null)?.code ?? "");
