import type { Device } from "@inctrl/tensor";
import type { Notify } from "./types.js";

/** Milliseconds between looks at what is compiled. */
const LOOK_MS = 150;

/** Tells how many kernels are ready of those that are compiled ahead, until it is disposed of. */
export function tellKernels(device: Device, notify: Notify): Disposable {
  const before = device.stats.pipelines;
  const timer = setInterval(() => {
    const { pipelines, compiling } = device.stats;
    const done = pipelines - before;
    const total = done + compiling;
    if (compiling > 0) notify({ text: `Preparing kernels: ${done} of ${total}`, done, total });
  }, LOOK_MS);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
