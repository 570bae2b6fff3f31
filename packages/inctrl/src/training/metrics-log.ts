import { appendFile, readFile } from "node:fs/promises";
import { writeFileAtomic } from "@inctrl/tensor";

/** One line of `metrics.jsonl`, written after a step. */
export interface StepRecord {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly L_h: number;
  readonly L_IRL: number;
  readonly lr: number;
  /** Steps a second. */
  readonly rate: number;
}

/** One line after an epoch with categories held out: AUROC of the final score, and of s_p alone. */
export interface EpochRecord {
  readonly step: number;
  readonly epoch: number;
  readonly hold_out: Readonly<
    Record<string, { readonly auroc: number | null; readonly residual: number | null }>
  >;
  readonly mean_auroc: number | null;
  readonly mean_residual: number | null;
}

/** What a run has measured, in memory and line by line in a file. */
export class MetricsLog<
  S extends { step: number; loss: number } = StepRecord,
  E extends { step: number; hold_out: unknown } = EpochRecord,
> {
  readonly path: string;
  readonly records: (S | E)[];

  private constructor(path: string, records: (S | E)[]) {
    this.path = path;
    this.records = records;
  }

  /** Opens a log, of which only the lines up to a step are kept: what came after a checkpoint comes again. */
  static async open<
    S extends { step: number; loss: number } = StepRecord,
    E extends { step: number; hold_out: unknown } = EpochRecord,
  >(path: string, upTo: number): Promise<MetricsLog<S, E>> {
    const text = upTo === 0 ? "" : await readFile(path, "utf8").catch(() => "");
    const records = text.split("\n").flatMap((line) => {
      const record = parse(line) as S | E | null;
      return record && record.step <= upTo ? [record] : [];
    });
    const kept = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    await writeFileAtomic(path, [new TextEncoder().encode(kept)]);
    return new MetricsLog<S, E>(path, records);
  }

  async add(record: S | E): Promise<void> {
    this.records.push(record);
    await appendFile(this.path, `${JSON.stringify(record)}\n`);
  }

  get steps(): S[] {
    return this.records.filter((record): record is S => "loss" in record);
  }

  get epochs(): E[] {
    return this.records.filter((record): record is E => "hold_out" in record);
  }
}

/** A line as a record; the last line of a run that was killed may be half a line. */
function parse(line: string): unknown {
  try {
    const record = JSON.parse(line);
    const sound = typeof record?.step === "number" && (typeof record.loss === "number" || record.hold_out);
    return sound ? record : null;
  } catch {
    return null;
  }
}
