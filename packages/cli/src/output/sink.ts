import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode } from "@inctrl/datasets";
import { CliError } from "../errors.js";
import { removeAtExit } from "../signals.js";

/** Where results go, piece by piece. */
export interface Sink {
  write(text: string): Promise<void>;
  /** Ends the output; the file gets its name. */
  finish(): Promise<void>;
  /** Removes what was written, as far as that is still possible. */
  discard(): Promise<void>;
}

/**
 * Opens stdout, or a file that appears under its name only once it is whole (written beside it, synced, renamed).
 *
 * @throws CliError `output`, in one line, for a full disk, a missing folder or no permission.
 * @example
 * const sink = await openSink("scores.csv");
 * await sink.write("image,score\n");
 * await sink.finish();
 */
export async function openSink(path?: string): Promise<Sink> {
  if (path === undefined || path === "-") return stdoutSink();
  const target = await realpath(path).catch(() => path);
  const info = await stat(target).catch(() => undefined);
  if (info?.isDirectory()) throw new CliError("output", `${path}: this is a folder; give a file name`);
  // A rename would replace a device or a pipe by a plain file.
  return info && !info.isFile() ? directSink(path) : fileSink(target);
}

function stdoutSink(): Sink {
  const write = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const fail = (error: Error) => reject(outputError("standard output", error));
      process.stdout.once("error", fail);
      process.stdout.write(text, (error) => {
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
      write: (text) => guarded(path, () => file.appendFile(text)),
      finish: close,
      discard: () => file.close().catch(() => {}),
    };
  });
}

async function fileSink(path: string): Promise<Sink> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  const file = await guarded(path, () => open(temporary, "wx"));
  const forget = removeAtExit(temporary);
  const discard = async () => {
    await file.close().catch(() => {});
    await rm(temporary, { force: true }).catch(() => {});
    forget();
  };
  return {
    write: (text) => guarded(path, () => file.appendFile(text)),
    async finish() {
      try {
        await guarded(path, async () => {
          await file.sync();
          await file.close();
          await rename(temporary, path);
        });
        forget();
      } catch (error) {
        await discard();
        throw error;
      }
    },
    discard,
  };
}

async function guarded<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw outputError(path, error);
  }
}

/** Whether the reader of a pipe has gone, as `head` goes when it has read enough. */
export function isBrokenPipe(error: unknown): boolean {
  return systemCode(error) === "EPIPE" || (error instanceof Error && systemCode(error.cause) === "EPIPE");
}

function outputError(path: string, cause: unknown): CliError {
  const code = systemCode(cause);
  const failure = (text: string) => new CliError("output", `${path}: ${text}`, { cause });
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return failure("the disk is full; free some space or write elsewhere");
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return failure("no permission to write here; choose another place");
    case "ENOENT":
    case "ENOTDIR":
      return failure(`there is no folder ${dirname(path)}; make it first`);
    case "EPIPE":
      return failure("its reader has gone");
    default:
      return failure(`cannot be written (${code || String(cause)}); check the disk`);
  }
}
