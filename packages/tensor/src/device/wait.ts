/** The longest sleep, and how large a part of the wait so far one sleep is: work is noticed at most this much later. */
const LONGEST_MS = 2;
const SHARE = 1 / 16;

/**
 * Waits for the GPU without taking a core from it. Dawn in Node asks whether work is done at every turn of the event
 * loop, which then never rests; where a CPU does the GPU's work, that is a core less for the kernels: on two cores with
 * llvmpipe products ran at 20 GFLOP/s so, and at 40 with the turns slowed down.
 */
export class Waiter {
  /** Never written: waiting on it is sleeping. */
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #waiting = 0;

  /** The promise's value; while any such promise is open, the event loop sleeps a little in every turn. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    this.#waiting++;
    if (this.#waiting === 1) void this.#doze();
    try {
      return await promise;
    } finally {
      this.#waiting--;
    }
  }

  async #doze(): Promise<void> {
    const began = performance.now();
    while (this.#waiting > 0) {
      Atomics.wait(this.#cell, 0, 0, Math.min(LONGEST_MS, (performance.now() - began) * SHARE));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Whether waiting for this adapter takes a core that its kernels want: software, under a runtime with Node's event loop. */
export const needsWaiter = (software: boolean): boolean =>
  software && typeof setImmediate === "function" && typeof SharedArrayBuffer === "function";
