/** Tensors collected without `dispose`: how many, their bytes, and where they were created (needs `traceLeaks(true)`). */
export interface LeakReport {
  count: number;
  bytes: number;
  places: { place: string; count: number }[];
}

const lost = { count: 0, bytes: 0, places: new Map<string, number>() };
const finalizers = new FinalizationRegistry<{ bytes: number; place: string }>(({ bytes, place }) => {
  lost.count++;
  lost.bytes += bytes;
  lost.places.set(place, (lost.places.get(place) ?? 0) + 1);
});

let tracing = false;

/** The lines that called a tensor's constructor, without those of the library's own factory. */
const callers = (): string =>
  new Error().stack?.split("\n").slice(6, 11).join(" < ").replace(/\s+/g, " ") ?? "unknown";

/** Reports a tensor as leaked if it is garbage-collected before `unwatch`. */
export function watch(tensor: object, bytes: number): void {
  finalizers.register(tensor, { bytes, place: tracing ? callers() : "not traced" }, tensor);
}

export function unwatch(tensor: object): void {
  finalizers.unregister(tensor);
}

/** Remembers where each new tensor is created, so that `leakReport` can name the line. Costs a stack trace per tensor. */
export function traceLeaks(on: boolean): void {
  tracing = on;
}

/**
 * Tensors that were garbage-collected without having been disposed: their GPU memory is lost until the device is closed.
 *
 * @example
 * traceLeaks(true);
 * // ... work ...
 * console.error(leakReport().places);
 */
export function leakReport(): LeakReport {
  const places = [...lost.places].map(([place, count]) => ({ place, count }));
  return { count: lost.count, bytes: lost.bytes, places: places.sort((a, b) => b.count - a.count) };
}
