import { Refusal } from "./refusal.js";

/** By how many milliseconds the event loop may be late, on the mean of so many, before requests are refused. */
export interface Pressure {
  readonly delayMs: number;
  readonly sampleMs: number;
}

/** The configuration of routes that answer however late the event loop is. */
export const ALWAYS = { pressureHandler() {} } as const;

/** Bounds of what is taken in before it is answered. */
export interface AdmissionLimits {
  /** Requests. */
  readonly requests: number;
  /** Bytes of their bodies together. */
  readonly bytes: number;
}

/** Room for requests and their bodies: what does not fit is refused before its body is read. */
export class Admission {
  readonly #limits: AdmissionLimits;
  #requests = 0;
  #bytes = 0;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
  }

  /** Requests that are in. */
  get requests(): number {
    return this.#requests;
  }

  /**
   * Takes room for a request.
   *
   * @param bytes the size of its body, or the most that it may have.
   * @returns what gives the room back; further calls do nothing.
   * @throws Refusal 503 `full`.
   */
  take(bytes: number): () => void {
    const { requests, bytes: most } = this.#limits;
    // A single request always fits: its body has a limit of its own.
    if (this.#requests >= requests || (this.#requests > 0 && this.#bytes + bytes > most))
      throw new Refusal(503, "full", `${this.#requests} parts wait already; try again soon`, 1);
    this.#requests++;
    this.#bytes += bytes;
    let given = false;
    return () => {
      if (given) return;
      given = true;
      this.#requests--;
      this.#bytes -= bytes;
    };
  }
}
