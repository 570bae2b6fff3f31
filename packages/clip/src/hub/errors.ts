/** What went wrong with a download or with finding a model; stable, for programs. */
export type HubErrorCode =
  | "unknown_model"
  | "not_found"
  | "not_pulled"
  | "http_status"
  | "network"
  | "too_large"
  | "wrong_length"
  | "checksum"
  | "no_checksum"
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
