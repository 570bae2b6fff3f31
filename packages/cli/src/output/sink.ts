import { open, stat } from "node:fs/promises";
import { printable, systemCode } from "@inctrl/datasets";
import { onDisk, openWholeFile, writeError } from "@inctrl/tensor/files";
import { removeAtExit } from "../signals.js";

/** Where results go, piece by piece. */
export interface Sink {
  write(piece: string | Uint8Array): Promise<void>;
  /** Ends the output; the file gets its name. */
  finish(): Promise<void>;
  /** Removes what was written, as far as that is still possible. */
  discard(): Promise<void>;
}

/**
 * Opens stdout, or a file that appears under its name only once it is whole (written beside it, synced, renamed).
 *
 * @throws TensorFileError `write`, in one line, for a full disk, a missing folder or no permission, and `locked` for a file that
 * another run is writing.
 * @example
 * const sink = await openSink("scores.csv");
 * await sink.write("image,score\n");
 * await sink.finish();
 */
export async function openSink(path?: string): Promise<Sink> {
  if (path === undefined || path === "-") return stdoutSink();
  const info = await stat(onDisk(path)).catch(() => undefined);
  // A rename would replace a device or a pipe by a plain file.
  return info && !info.isFile() && !info.isDirectory() ? directSink(path) : fileSink(path);
}

const failedWrites = new WeakSet<Error>();

/** Whether a writer got this error of standard output from its own write, and so reports it. */
export const isOfWriter = (error: Error): boolean => failedWrites.has(error);

function stdoutSink(): Sink {
  const write = (piece: string | Uint8Array) =>
    new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => {
        failedWrites.add(error);
        reject(writeError("standard output", error));
      };
      process.stdout.once("error", fail);
      const shown = typeof piece === "string" && process.stdout.isTTY ? printable(piece) : piece;
      process.stdout.write(shown, (error) => {
        process.stdout.off("error", fail);
        if (error) fail(error);
        else resolve();
      });
    });
  return { write, finish: async () => {}, discard: async () => {} };
}

async function directSink(path: string): Promise<Sink> {
  return guarded(path, async () => {
    const file = await open(path, "w");
    const close = () => guarded(path, () => file.close());
    return {
      write: (piece) => guarded(path, () => file.appendFile(piece)),
      finish: close,
      discard: () => file.close().catch(() => {}),
    };
  });
}

async function fileSink(path: string): Promise<Sink> {
  const file = await openWholeFile(path, { alone: true });
  const forget = removeAtExit(file.temporary);
  return {
    write: (piece) => file.write(piece),
    finish: () => file.finish().finally(forget),
    discard: () => file.discard().finally(forget),
  };
}

async function guarded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw writeError(path, error);
  }
}

/** Whether the reader of a pipe has gone, as `head` goes when it has read enough. */
export function isBrokenPipe(error: unknown): boolean {
  return systemCode(error) === "EPIPE" || (error instanceof Error && systemCode(error.cause) === "EPIPE");
}
