import { CodedError } from "@inctrl/tensor";

/** Stable reasons that this package refuses something; messages may change, these do not. */
export type ServerErrorCode = "options" | "token-file" | "address" | "device" | "folder" | "sink";

/**
 * A service that cannot be started or go on, with a stable `code` and a one-line message.
 *
 * @example
 * try { readTokens("tokens.txt") } catch (e) {
 *   if (e instanceof ServerError && e.code === "token-file") console.error(e.message)
 * }
 */
export class ServerError extends CodedError<ServerErrorCode> {
  override readonly name = "ServerError";
}
