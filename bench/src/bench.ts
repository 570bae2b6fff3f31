import { NO_FIGURES, type Row } from "./case.js";
import { type Check, difference, placesIn } from "./check.js";
import { processTime } from "./load.js";
import { type Effort, FULL, interleave, QUICK, type Timing } from "./measure.js";
import { missing } from "./peers/index.js";
import { PeerProcess, type PeerWork } from "./peers/process.js";
import type { Memory, TaskName, Tasks } from "./task.js";

/** One participant of a comparison: the process, its task, and the name in the table. */
export interface Contestant {
  subject: string;
  process: string;
  task: TaskName;
  sizes: Tasks[TaskName];
  /** Billions of operations or bytes in a run, for shares and ratios. Default: what the task reports. */
  work?: number;
  /** The unit of the row's rate, where it is not work: images or steps. */
  units?: { count: number; unit: string };
  /** Replaces the comparison's size in the table. */
  size?: string;
  /** A reference for shares; its result is not compared. */
  yardstick?: boolean;
}

export interface Comparison {
  case: string;
  size: string;
  /** The unit of rates: `GFLOP/s` or `GB/s`. */
  unit: string;
  contestants: readonly Contestant[];
  check?: Check;
  /** Used without `check`: all must agree with the first of these subjects that has a result, within a share of its largest value. */
  agree?: { with: readonly string[]; size: number; tolerance: number };
}

export interface BenchOptions {
  quick?: boolean;
  /** Leaves out the peers. */
  alone?: boolean;
  /** A DeiT-Tiny checkpoint. */
  deit?: string;
  /** Stops all work, which then throws. */
  signal?: AbortSignal;
  /** Called with a line on what is being measured. */
  say?: (text: string) => void;
}

/** Runs comparisons, each library in a process of its own. */
export class Bench {
  readonly quick: boolean;
  readonly alone: boolean;
  readonly deit?: string;
  readonly effort: Effort;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
  readonly #processes = new Map<string, PeerProcess>();

  constructor({ quick = false, alone = false, deit, signal, say = () => {} }: BenchOptions = {}) {
    this.quick = quick;
    this.alone = alone;
    this.deit = deit;
    this.effort = quick ? QUICK : FULL;
    this.signal = signal ?? new AbortController().signal;
    this.signal.addEventListener("abort", () => this.stop());
    this.say = say;
  }

  /** Prepares all contestants, compares their results, times them in turn, and returns a row for each but the yardstick `gemm`. */
  async compare(comparison: Comparison): Promise<Row[]> {
    this.say(`${comparison.case} ${comparison.size}`);
    const entries: Entry[] = [];
    try {
      for (const contestant of comparison.contestants)
        if (!this.alone || contestant.process === "ours") entries.push(await this.#prepare(contestant));
      const check = comparison.check ?? (await reference(comparison, entries));
      if (check) for (const entry of entries) await compareResult(entry, check);
      const running = entries.filter(({ work, failed }) => work && failed === undefined);
      const timings = await interleave(
        running.map(({ work }) => work as PeerWork),
        this.effort,
        (index, { message }) => Object.assign(running[index], { failed: message }),
      );
      this.signal.throwIfAborted();
      for (const [index, entry] of running.entries()) {
        entry.timing = timings[index] ?? undefined;
        if (entry.timing && !entry.contestant.yardstick)
          entry.memory = await entry.work?.memory().catch(() => undefined);
      }
    } finally {
      for (const { work } of entries) await work?.dispose().catch(() => {});
    }
    return withRatios(comparison, entries);
  }

  /** Milliseconds of processor time that this process and those of the libraries have taken. */
  processorMs(): number {
    return [...this.#processes.values()].reduce((sum, each) => sum + each.processorMs, processTime());
  }

  stop(): void {
    for (const each of this.#processes.values()) each.stop();
  }

  async #prepare(contestant: Contestant): Promise<Entry> {
    const { process, task, sizes } = contestant;
    this.signal.throwIfAborted();
    const peer = this.#processes.get(process) ?? new PeerProcess(process);
    this.#processes.set(process, peer);
    const entry: Entry = { contestant, failed: missing(process) };
    entry.work = await attempt(entry, () => peer.prepare(task, sizes));
    return entry;
  }
}

interface Entry {
  readonly contestant: Contestant;
  work?: PeerWork;
  timing?: Timing;
  memory?: Memory;
  failed?: string;
}

/** Takes a step with a contestant that has not failed. An error is its failure. */
async function attempt<T>(entry: Entry, step: () => Promise<T>): Promise<T | undefined> {
  try {
    return entry.failed === undefined ? await step() : undefined;
  } catch (error) {
    entry.failed = (error as Error).message;
    return undefined;
  }
}

/** The results of one contestant as the check for the others. */
async function reference({ agree }: Comparison, entries: readonly Entry[]): Promise<Check | undefined> {
  if (!agree) return undefined;
  const { size, tolerance } = agree;
  const at = placesIn(size);
  for (const subject of agree.with) {
    const entry = entries.find(({ contestant }) => contestant.subject === subject);
    const want = entry && (await attempt(entry, async () => entry.work?.output(at, size)));
    if (want) return { size, at, want: Float64Array.from(want), tolerance };
  }
  return undefined;
}

async function compareResult(entry: Entry, check: Check): Promise<void> {
  if (entry.contestant.yardstick) return;
  const got = await attempt(entry, async () => entry.work?.output(check.at, check.size));
  entry.failed ??= got ? difference(check, got) : "gives no result to compare";
}

function rowOf(comparison: Comparison, entry: Entry): Row {
  const { contestant, timing, memory, failed = "not run" } = entry;
  const { size = comparison.size, subject, units } = contestant;
  const row = { case: comparison.case, size, subject, unit: units?.unit ?? comparison.unit };
  if (!timing) return { ...row, ...NO_FIGURES, failed };
  const amount = units?.count ?? workOf(entry) ?? Number.NaN;
  return { ...row, ...timing, rate: (amount / timing.medianMs) * 1e3, ...(memory && { memory }) };
}

/** Billions of operations or bytes of a run. */
const workOf = ({ contestant, work }: Entry): number | undefined => contestant.work ?? work?.work;

/** The rows, with the ratios of speeds within one run. */
function withRatios(comparison: Comparison, entries: readonly Entry[]): Row[] {
  const speeds = entries.map(
    (entry) => (workOf(entry) ?? Number.NaN) / (entry.timing?.medianMs ?? Number.NaN),
  );
  const [ours, ceiling, gemm] = ["ours", "ceiling", "gemm"].map(
    (subject) => speeds[entries.findIndex(({ contestant }) => contestant.subject === subject)],
  );
  const ratio = (name: keyof Row, value: number) => (Number.isFinite(value) ? { [name]: value } : {});
  return entries.flatMap((entry, i) => {
    const { subject } = entry.contestant;
    if (subject === "gemm") return [];
    const row = rowOf(comparison, entry);
    if (subject === "ceiling") return [row];
    return {
      ...row,
      ...(subject === "ours" ? {} : ratio("oursOver", ours / speeds[i])),
      // The adapter does not bound what runs on the processor itself.
      ...(subject.endsWith(" cpu") ? {} : ratio("ofCeiling", speeds[i] / ceiling)),
      ...(subject === "ours" ? ratio("ofGemm", speeds[i] / gemm) : {}),
    };
  });
}
