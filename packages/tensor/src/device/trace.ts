import type { DeviceStats, MemoryReport } from "./device.js";
import { USAGE } from "./pool.js";

/** One dispatch as it was recorded. */
export interface DispatchRecord {
  readonly kernel: string;
  readonly grid: readonly [number, number, number];
  /** Multiplications and additions; 0 where the op states none. */
  readonly flop: number;
  /** Bytes of the tensors bound, each counted once. */
  readonly bytes: number;
}

/** A dispatch with its start since the first and its duration, in microseconds of the GPU's clock. */
export interface TimedDispatch extends DispatchRecord {
  readonly start: number;
  readonly duration: number;
}

/** Totals over all calls of one kernel. */
export interface KernelUse {
  readonly kernel: string;
  readonly calls: number;
  /** Milliseconds; null where the adapter has no timestamps. */
  readonly ms: number | null;
  readonly flop: number;
  readonly bytes: number;
}

/** What the device itself counts; buffers reused from the pool are no allocations. */
type TracedCounters = Readonly<
  Omit<DeviceStats, "pipelines" | "compiling"> & Pick<MemoryReport, "peakBytes">
>;

/** The work of a device between `device.trace()` and `stop()`. */
export interface TraceReport extends TracedCounters {
  /** Whether times are known (feature `timestamp-query`). */
  readonly timed: boolean;
  /** Kernels, slowest first; by calls where there are no times. */
  readonly kernels: readonly KernelUse[];
  /** The first `MAX_TIMELINE` dispatches in order; empty without times. */
  readonly timeline: readonly TimedDispatch[];
}

/** Dispatches kept individually: about 100 MB of Chrome trace. */
export const MAX_TIMELINE = 500_000;

interface Totals {
  calls: number;
  ns: number;
  flop: number;
  bytes: number;
}

/**
 * Counts dispatches and times them where the adapter has timestamps. Each dispatch gets its own compute pass between two
 * timestamps, which are resolved at the end of its batch and read while later batches run.
 */
export class Tracer {
  readonly #device: GPUDevice;
  readonly #timed: boolean;
  readonly #queries: GPUQuerySet | null;
  readonly #resolved: GPUBuffer | null;
  #batch: DispatchRecord[] = [];
  #unread: GPUBuffer | null = null;
  readonly #reading = new Set<Promise<void>>();
  readonly #totals = new Map<string, Totals>();
  readonly #timeline: TimedDispatch[] = [];
  #origin: bigint | null = null;
  #failure: unknown = null;

  /** @param max dispatches in a batch. */
  constructor(device: GPUDevice, timed: boolean, max: number) {
    this.#device = device;
    this.#timed = timed;
    const size = 2 * max * STAMP_BYTES;
    this.#queries = timed ? device.createQuerySet({ type: "timestamp", count: 2 * max }) : null;
    this.#resolved = timed
      ? device.createBuffer({ size, usage: USAGE.QUERY_RESOLVE | USAGE.COPY_SRC })
      : null;
  }

  /** Begins the pass of one dispatch. */
  pass(encoder: GPUCommandEncoder, record: DispatchRecord): GPUComputePassEncoder {
    const at = 2 * this.#batch.length;
    this.#batch.push(record);
    if (!this.#queries) return encoder.beginComputePass();
    return encoder.beginComputePass({
      timestampWrites: {
        querySet: this.#queries,
        beginningOfPassWriteIndex: at,
        endOfPassWriteIndex: at + 1,
      },
    });
  }

  /** Call before a batch is finished. */
  resolve(encoder: GPUCommandEncoder): void {
    const { length } = this.#batch;
    if (length === 0 || !this.#queries || !this.#resolved) return;
    const size = 2 * length * STAMP_BYTES;
    this.#unread = this.#device.createBuffer({ size, usage: USAGE.MAP_READ | USAGE.COPY_DST });
    encoder.resolveQuerySet(this.#queries, 0, 2 * length, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#unread, 0, size);
  }

  /** Call after a batch was submitted. */
  submitted(): void {
    const [batch, stamps] = [this.#batch, this.#unread];
    this.#batch = [];
    this.#unread = null;
    if (!stamps) {
      for (const record of batch) this.#count(record, 0n);
      return;
    }
    const reading = this.#read(batch, stamps).catch((error) => {
      this.#failure ??= error;
    });
    this.#reading.add(reading);
    reading.then(() => this.#reading.delete(reading));
  }

  /** Waits for submitted work. The device gives the counters of commands and memory. */
  async finish(counters: TracedCounters): Promise<TraceReport> {
    await Promise.all(this.#reading);
    this.#queries?.destroy();
    this.#resolved?.destroy();
    if (this.#failure) throw this.#failure;
    const kernels = [...this.#totals].map(([kernel, { calls, ns, flop, bytes }]) => ({
      kernel,
      calls,
      ms: this.#timed ? ns / 1e6 : null,
      flop,
      bytes,
    }));
    kernels.sort((a, b) => (b.ms ?? b.calls) - (a.ms ?? a.calls));
    const timeline = this.#timeline.sort((a, b) => a.start - b.start);
    return { ...counters, timed: this.#timed, kernels, timeline };
  }

  async #read(batch: readonly DispatchRecord[], stamps: GPUBuffer): Promise<void> {
    try {
      await stamps.mapAsync(MAP_MODE_READ);
      const times = new BigUint64Array(stamps.getMappedRange().slice(0));
      for (const [i, record] of batch.entries()) {
        const [begin, end] = [times[2 * i], times[2 * i + 1]];
        // The specification lets an adapter set its clock back between passes.
        const ns = end > begin ? end - begin : 0n;
        this.#count(record, ns);
        if (this.#timeline.length >= MAX_TIMELINE) continue;
        this.#origin ??= begin;
        const start = Number(begin - this.#origin) / 1e3;
        this.#timeline.push({ ...record, start, duration: Number(ns) / 1e3 });
      }
    } finally {
      stamps.destroy();
    }
  }

  #count({ kernel, flop, bytes }: DispatchRecord, ns: bigint): void {
    const totals = this.#totals.get(kernel) ?? { calls: 0, ns: 0, flop: 0, bytes: 0 };
    totals.calls++;
    totals.ns += Number(ns);
    totals.flop += flop;
    totals.bytes += bytes;
    this.#totals.set(kernel, totals);
  }
}

const STAMP_BYTES = 8;
/** GPUMapMode.READ, fixed by the specification. */
const MAP_MODE_READ = 1;

/** A trace under way; made by `device.trace()`. */
export interface Trace {
  /** Ends the trace and waits for the GPU. */
  stop(): Promise<TraceReport>;
}

/** A report as JSON in the Chrome trace-event format, for chrome://tracing or https://ui.perfetto.dev. */
export function chromeTrace({ timeline }: TraceReport, name: string): string {
  const common = { pid: 1, tid: 1 };
  const named = (what: string, text: string) => ({ ...common, ph: "M", name: what, args: { name: text } });
  const events = timeline.map(({ kernel, grid, flop, bytes, start, duration }) => {
    const args = { grid: grid.join(" x "), flop, bytes, "GFLOP/s": flop / duration / 1e3 || 0 };
    return { ...common, ph: "X", cat: "gpu", name: kernel, ts: start, dur: duration, args };
  });
  const lines = [named("process_name", name), named("thread_name", "GPU queue"), ...events];
  return `{"displayTimeUnit":"ms","traceEvents":[\n${lines.map((line) => JSON.stringify(line)).join(",\n")}\n]}\n`;
}
