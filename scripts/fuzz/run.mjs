// Runs parsers on damaged files. Each case ends with a value or a CodedError, in bounded time and memory.
import { CodedError } from "@inctrl/tensor/files";
import { mutated, randomOf } from "./mutate.mjs";

/** Time of the processor, since a busy machine may stop a case for a while: one takes milliseconds. */
const MAX_MS = 5000;
const processorMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
/** What a run may hold beyond what it began with. */
const MAX_BYTES = 2 ** 30;

/**
 * Runs the cases of one target.
 *
 * @param target `{ name, seeds, parse }`; `parse(bytes)` may be asynchronous.
 * @param onCase is told of each case before it runs.
 * @returns how many cases gave a value and how many were refused, and those that did neither.
 */
export async function fuzz(target, { cases, seed, first = 0, onCase }) {
  const found = { name: target.name, values: 0, refused: 0, failures: [] };
  const before = process.memoryUsage().rss;
  for (let number = first; number < first + cases; number++) {
    const bytes = mutated(target.seeds, randomOf(seed, target.name, number));
    const fail = (problem) => found.failures.push({ number, problem, bytes: Buffer.from(bytes) });
    onCase?.(target, number);
    const started = processorMs();
    try {
      await target.parse(bytes);
      found.values++;
    } catch (error) {
      if (error instanceof CodedError) found.refused++;
      else fail(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    const ms = processorMs() - started;
    if (ms > MAX_MS) fail(`took ${Math.round(ms)} ms`);
    if (number % 256 === 255 && process.memoryUsage().rss - before > MAX_BYTES)
      fail(`the process grew by ${process.memoryUsage().rss - before} bytes up to this case`);
  }
  return found;
}
