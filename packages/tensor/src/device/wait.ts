/** Longest sleep, and one sleep as a fraction of the wait so far. Both bound how late finished work is noticed. */
const MAX_NAP_MS = 2;
const NAP_FRACTION = 1 / 16;

/**
 * Waits for the GPU without occupying a core. Dawn in Node polls in every turn of the event loop, which then never sleeps.
 * On a software adapter this takes a core from the kernels: on two cores, llvmpipe ran products at 20 GFLOP/s while
 * polling and at 40 with naps.
 */
export class Waiter {
  /** Never written, so that waiting on it sleeps. */
  readonly #cell = new Int32Array(new SharedArrayBuffer(4));
  #waiting = 0;
  #dozing = false;
  #began = 0;

  /** Resolves with the promise's value. While any such promise is pending, the event loop naps in every turn. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    if (this.#waiting++ === 0) this.#began = performance.now();
    // The loop of the previous wait may still be running; it then serves this wait too.
    if (!this.#dozing) void this.#doze();
    try {
      return await promise;
    } finally {
      this.#waiting--;
    }
  }

  async #doze(): Promise<void> {
    this.#dozing = true;
    while (this.#waiting > 0) {
      const nap = Math.min(MAX_NAP_MS, (performance.now() - this.#began) * NAP_FRACTION);
      Atomics.wait(this.#cell, 0, 0, nap);
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#dozing = false;
  }
}

/** Whether waiting takes a core from the kernels: a software adapter under Node's event loop. */
export const needsWaiter = (software: boolean): boolean =>
  software && typeof setImmediate === "function" && typeof SharedArrayBuffer === "function";
