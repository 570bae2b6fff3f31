import { CodedError } from "@inctrl/tensor";

/** Stable reasons that this package refuses something; messages may change, these do not. */
export type ServerErrorCode =
  | "options"
  | "products"
  | "token-file"
  | "address"
  | "self-test"
  | "device"
  | "folder"
  | "sink";

/**
 * A service that cannot be started or go on, with a stable `code` and a one-line message.
 *
 * @example
 * try { await readTokens("tokens.txt") } catch (e) {
 *   if (e instanceof ServerError && e.code === "token-file") console.error(e.message)
 * }
 */
export class ServerError extends CodedError<ServerErrorCode> {
  override readonly name = "ServerError";
}
