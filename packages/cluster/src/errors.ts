import { CodedError } from "@inctrl/tensor/files";

/** Stable reasons that this package refuses something; messages may change, these do not. */
export type ClusterErrorCode = "name" | "run" | "chunk" | "store" | "shard" | "redis" | "metrics";

/**
 * A run that cannot be made, found or worked on, with a stable `code` and a one-line message.
 *
 * @example
 * try { await openRun(store, "archive") } catch (e) {
 *   if (e instanceof ClusterError && e.code === "run") console.error(e.message)
 * }
 */
export class ClusterError extends CodedError<ClusterErrorCode> {
  override readonly name = "ClusterError";
}
