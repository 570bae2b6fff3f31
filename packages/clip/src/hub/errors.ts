/** What went wrong with a download or with finding a model; stable, for programs. */
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

/** A model that cannot be found or downloaded: one line that says what, where and how to mend it. */
export class HubError extends Error {
  readonly code: HubErrorCode;

  constructor(code: HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HubError";
    this.code = code;
  }
}
