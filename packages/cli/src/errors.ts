import { ClipError, HubError } from "@inctrl/clip";
import { DatasetError } from "@inctrl/datasets";
import { InctrlError } from "@inctrl/inctrl";
import { TensorError, TensorFileError } from "@inctrl/tensor";

/** How the command ends. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Done, but some images were skipped. */
  skipped: 2,
  /** As shells count a program that SIGINT ended. */
  interrupted: 130,
  /** The reader of our output went away (`| head`): as a program that SIGPIPE ended. */
  pipe: 141,
} as const;

/** What this command itself refuses. */
export type CliErrorCode = "option" | "output" | "input" | "interrupted";

/**
 * A request that cannot be met, said in one line: what is wrong; how to mend it.
 *
 * @example
 * throw new CliError("option", "--shots: there are no prompts to choose from; add --prompts FOLDER");
 */
export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliErrorCode;

  constructor(code: CliErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Their messages are already for people: what, where, how to mend it. */
const SPOKEN = [CliError, ClipError, HubError, DatasetError, InctrlError, TensorError, TensorFileError];

/** The system's error code, such as `ENOENT`; "" when there is none. */
export function systemCode(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** The error as one line without control characters; what is no error of ours says that it is unexpected. */
export function describe(error: unknown): string {
  if (SPOKEN.some((kind) => error instanceof kind)) return oneLine((error as Error).message);
  const { message, path } = error as NodeJS.ErrnoException;
  switch (systemCode(error)) {
    case "ENOSPC":
    case "EDQUOT":
      return oneLine(`${path ?? "output"}: the disk is full; free some space or write elsewhere`);
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

/** The same text on one line: file names and other people's messages may hold anything. */
export function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
}
