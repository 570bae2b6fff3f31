import { DatasetError, oneLine, systemCode } from "@inctrl/datasets";
import { CodedError } from "@inctrl/tensor";
import { writeError } from "@inctrl/tensor/files";
import { hintFor } from "./hints.js";

/** Exit codes of the command. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Done, but some images were skipped. */
  skipped: 2,
  /** With `score --exit-verdict`: a part is not good. */
  flagged: 3,
  /** The same: a part is to be looked at, and none is worse. */
  review: 4,
  /** The code that shells give a program ended by SIGINT. */
  interrupted: 130,
  /** The reader of the output went away (`| head`): the code of a program ended by SIGPIPE. */
  pipe: 141,
} as const;

/** Kinds of requests that the command itself refuses. */
export type CliErrorCode = "option" | "output" | "input" | "interrupted";

/**
 * A request that cannot be met, said in one line: what is wrong; how to mend it.
 *
 * @example
 * throw new CliError("option", "--shots: there are no prompts to choose from; add --prompts FOLDER");
 */
export class CliError extends CodedError<CliErrorCode> {
  override readonly name = "CliError";
}

/** The error as one line without control characters. An error that no package made says that it is unexpected. */
export function describe(error: unknown): string {
  // The packages' own messages are for people already: what, where, how to mend it.
  if (error instanceof CodedError || error instanceof DatasetError) {
    const hint = hintFor(error);
    return oneLine(error.message) + (hint === undefined ? "" : `; ${hint}`);
  }
  const { message, path } = error as NodeJS.ErrnoException;
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return oneLine(writeError(path ?? "output", error).message);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return oneLine(`${path ?? "output"}: no permission; choose another place or change its permissions`);
    case "ENOENT":
      return oneLine(`${path ?? message}: no such file or folder; check the path`);
    case "EISDIR":
    case "ENOTDIR":
    case "EEXIST":
      return oneLine(
        `${path ?? message}: a file stands where a folder is wanted, or a folder for a file; check the path`,
      );
  }
  return oneLine(`unexpected: ${message ?? error}; DEBUG=1 shows where, please report it`);
}
