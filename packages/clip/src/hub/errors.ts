import { CodedError } from "@inctrl/tensor";

/** Stable reasons why a model was not found or downloaded; messages may change, these do not. */
export type HubErrorCode =
  | "unknown-model"
  | "not-found"
  | "not-pulled"
  | "http-status"
  | "network"
  | "too-large"
  | "wrong-length"
  | "checksum"
  | "no-checksum"
  | "disk"
  | "aborted";

/** A model that cannot be found or downloaded, with a stable `code` and a one-line message. */
export class HubError extends CodedError<HubErrorCode> {
  override readonly name = "HubError";
}
