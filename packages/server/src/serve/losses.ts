/** How often a device is opened again within an hour. */
const REOPENINGS = 3;
const HOUR_MS = 3_600_000;

/** Losses of the device within the last hour, which say whether it is worth opening again. */
export class Losses {
  readonly #times: number[] = [];

  /** Counts a loss that happened now. */
  add(): void {
    const now = Date.now();
    this.#times.push(now);
    while (now - this.#times[0] > HOUR_MS) this.#times.shift();
  }

  /** Whether there were more than the device is opened again after. */
  get tooMany(): boolean {
    return this.#times.length > REOPENINGS;
  }

  /** Why a service ends. */
  get reason(): string {
    return `the device was lost ${this.#times.length} times within an hour; check its driver and its power`;
  }

  /** "1 of 3 times" */
  get text(): string {
    return `${this.#times.length} of ${REOPENINGS} times`;
  }
}
