import type { Row } from "./case.js";
import { agreement, type Check, difference } from "./check.js";
import { type Effort, FULL, interleave, QUICK, type Timing } from "./measure.js";
import { missing } from "./peers/index.js";
import { PeerProcess, type PeerWork } from "./peers/process.js";
import type { Memory, TaskName, Tasks } from "./task.js";

/** One participant of a comparison: the process, its task, and the name in the table. */
export interface Contestant<Name extends TaskName = TaskName> {
  subject: string;
  process: string;
  task: Name;
  sizes: Tasks[Name];
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
  /** The expected results. */
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

  /** Prepares all contestants, compares their results, times them in turn, and returns a row for each. */
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
        (index, error) => {
          running[index].failed = error.message;
        },
      );
      this.signal.throwIfAborted();
      for (const [index, entry] of running.entries()) {
        entry.timing = timings[index] ?? undefined;
        if (entry.timing) entry.memory = (await entry.work?.memory().catch(() => null)) ?? undefined;
      }
    } finally {
      for (const { work } of entries) await work?.dispose().catch(() => {});
    }
    return withRatios(entries.map((entry) => ({ row: rowOf(comparison, entry), speed: speedOf(entry) })));
  }

  stop(): void {
    for (const each of this.#processes.values()) each.stop();
  }

  async #prepare(contestant: Contestant): Promise<Entry> {
    const { process, task, sizes } = contestant;
    this.signal.throwIfAborted();
    const failed = missing(process);
    if (failed !== undefined) return { contestant, failed };
    try {
      return { contestant, work: await this.#process(process).prepare(task, sizes) };
    } catch (error) {
      return { contestant, failed: (error as Error).message };
    }
  }

  #process(name: string): PeerProcess {
    const known = this.#processes.get(name) ?? new PeerProcess(name);
    this.#processes.set(name, known);
    return known;
  }
}

interface Entry {
  contestant: Contestant;
  work?: PeerWork;
  timing?: Timing;
  memory?: Memory;
  failed?: string;
}

/** The results of one contestant as the check for the others. */
async function reference({ agree }: Comparison, entries: readonly Entry[]): Promise<Check | undefined> {
  for (const subject of agree?.with ?? []) {
    const entry = entries.find(({ contestant }) => contestant.subject === subject);
    const work = entry?.work;
    if (!agree || !work) continue;
    try {
      return await agreement(agree.size, agree.tolerance, (at) => work.output(at, agree.size));
    } catch (error) {
      entry.failed = (error as Error).message;
    }
  }
  return undefined;
}

async function compareResult(entry: Entry, check: Check): Promise<void> {
  if (!entry.work || entry.failed !== undefined || entry.contestant.yardstick) return;
  try {
    const got = await entry.work.output(check.at, check.size);
    entry.failed = got ? difference(check, got) : "gives no result to compare";
  } catch (error) {
    entry.failed = (error as Error).message;
  }
}

function rowOf({ case: name, size, unit }: Comparison, entry: Entry): Row {
  const { contestant, timing, memory, failed } = entry;
  const work = contestant.work ?? entry.work?.work ?? undefined;
  const { units } = contestant;
  const row = {
    case: name,
    size: contestant.size ?? size,
    subject: contestant.subject,
    unit: units?.unit ?? unit,
  };
  if (!timing)
    return {
      ...row,
      medianMs: null,
      minMs: null,
      spread: null,
      runs: 0,
      rate: null,
      failed: failed ?? "not run",
    };
  return {
    ...row,
    ...timing,
    rate: ((units?.count ?? work ?? Number.NaN) / timing.medianMs) * 1e3,
    ...(memory && { memory }),
  };
}

/** Billions of operations or bytes a second. */
function speedOf({ contestant, work, timing }: Entry): number | undefined {
  const amount = contestant.work ?? work?.work ?? undefined;
  return timing && amount !== undefined ? (amount / timing.medianMs) * 1e3 : undefined;
}

/** Adds the ratios of speeds within one run. */
function withRatios(entries: readonly { row: Row; speed?: number }[]): Row[] {
  const find = (subject: string) => entries.find(({ row }) => row.subject === subject)?.speed;
  const [ours, ceiling, gemm] = ["ours", "ceiling", "gemm"].map(find);
  return entries.map(({ row, speed }) => {
    if (speed === undefined) return row;
    const yardstick = row.subject === "ceiling" || row.subject === "gemm";
    // The adapter does not bound what runs on the processor itself.
    const bound = row.subject !== "ceiling" && !row.subject.endsWith(" cpu");
    return {
      ...row,
      ...(ours && row.subject !== "ours" && !yardstick && { oursOver: ours / speed }),
      ...(ceiling && bound && { ofCeiling: speed / ceiling }),
      ...(gemm && row.subject === "ours" && { ofGemm: speed / gemm }),
    };
  });
}
