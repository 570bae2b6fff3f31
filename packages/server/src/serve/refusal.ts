/** A request that is not met: an HTTP status, a stable code, and one line for people. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: number;
  readonly code: string;
  readonly retryAfter: number | undefined;
  /** @param retryAfter seconds after which a client may try again, where that helps. */
  constructor(status: number, code: string, message: string, retryAfter?: number) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
