/** Seconds that a submission may keep an adapter busy: a tenth of what Windows allows before it resets the driver. */
const SECONDS = 0.2;
/** The rate that is assumed until it is measured, in operations a second: half of what a small GPU of 2012 reaches in our kernels. */
const SLOWEST = 20e9;

/**
 * How much arithmetic an adapter takes at once. A GPU that is busy for too long is reset by the operating system, so that submissions are
 * cut and batches are chosen by the rate of its products. Software adapters have no such limit.
 */
export class Pace {
  readonly #limited: boolean;
  #rate = SLOWEST;
  /** Whether a rate was measured. */
  measured = false;

  constructor(software: boolean) {
    this.#limited = !software;
  }

  /** Floating-point operations that one submission may hold. */
  get flop(): number {
    return this.#limited ? SECONDS * this.#rate : Number.POSITIVE_INFINITY;
  }

  /** Takes a rate that was measured over a whole submission. Slower ones than are assumed change nothing. */
  learn(flop: number, seconds: number): void {
    this.measured = true;
    const rate = flop / seconds;
    if (Number.isFinite(rate) && rate > this.#rate) this.#rate = rate;
  }
}
