import type { CodedError } from "@inctrl/tensor";

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

/** What a package refuses, as the answer to a request that asked for a change: 507 where the disk takes no more. */
export const refusedChange = ({ code, message }: CodedError<string>): Refusal =>
  new Refusal(code === "write" ? 507 : 409, code, message);
