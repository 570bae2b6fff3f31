// Runs parsers on damaged files. Each case ends with a value or a CodedError, in bounded time and memory.
import { CodedError } from "@inctrl/tensor/files";
import { Damage } from "./mutate.mjs";

/** A case takes microseconds. */
const MAX_MS = 5000;
/** What a run may hold at any moment beyond what the process held before. */
const MAX_BYTES = 2 ** 30;

/** The most that the process ever held. */
const peakBytes = () => process.resourceUsage().maxRSS * 1024;
const processorMs = () => process.cpuUsage().user / 1000;

/**
 * Runs the cases of one target.
 *
 * @param target `{ name, seeds, parse }`; `parse(bytes)` may be asynchronous, and does not keep the bytes.
 * @param onCase is told of each case before it runs.
 * @returns how many cases gave a value and how many were refused, and those that did neither.
 */
export async function fuzz(target, { cases, seed, first = 0, onCase }) {
  const found = { name: target.name, values: 0, refused: 0, failures: [] };
  const damage = new Damage(target.seeds, `${seed} ${target.name}`);
  const traces = Error.stackTraceLimit;
  let peak = peakBytes();
  for (let number = first; number < first + cases; number++) {
    onCase?.(number);
    const bytes = damage.make(number);
    const fail = (problem) => found.failures.push({ number, problem, bytes: Buffer.from(bytes) });
    // Most cases are refused, and a trace costs more than the rest of them.
    Error.stackTraceLimit = 0;
    const started = performance.now();
    let suspect = false;
    try {
      const read = target.parse(bytes);
      if (read instanceof Promise) await read;
      found.values++;
    } catch (error) {
      if (error instanceof CodedError) found.refused++;
      else suspect = true;
    }
    Error.stackTraceLimit = traces;
    if (suspect || performance.now() - started > MAX_MS) {
      const problem = await examine(target, bytes);
      if (problem) fail(problem);
      else if (suspect) fail("fails, though not when it is tried again");
    }
    if (number % 512 === 511 && peakBytes() - peak > MAX_BYTES) {
      fail(`the process grew by ${peakBytes() - peak} bytes up to this case`);
      peak = peakBytes();
    }
  }
  return found;
}

/** What is wrong with a case: its error with a trace, or its time, that of the processor, since a busy machine stops others. */
async function examine(target, bytes) {
  const started = processorMs();
  try {
    await target.parse(bytes);
  } catch (error) {
    if (!(error instanceof CodedError))
      return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const ms = processorMs() - started;
  return ms > MAX_MS ? `took ${Math.round(ms)} ms` : null;
}
