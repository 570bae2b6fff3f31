import { stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { hashFile, ImageError, oneLine, systemCode } from "@inctrl/datasets";
import {
  fileImage,
  type ImageFacts,
  type ImageScore,
  imageFacts,
  recordJson,
  type Verdict,
} from "@inctrl/detect";
import { onDisk, syncFolder } from "@inctrl/tensor/files";
import { LRUCache } from "lru-cache";
import { ServerError } from "../errors.js";
import type { Arrivals } from "./arrivals.js";
import { type Claim, Claims } from "./claims.js";
import { Ledger, type LedgerEntry } from "./ledger.js";
import { freeName } from "./names.js";
import { FOLDERS, type WatchCounts, type WatchOptions } from "./options.js";
import { Retention } from "./retention.js";

/** Pictures that are taken at once. More wait where they arrived. */
const MAX_ARRIVALS = 64;
/** The longest that results wait to be written together. */
const TOGETHER_MS = 200;
/** The first wait before a picture is read again. Each further one is twice as long. */
const RETRY_MS = 250;
/** Parts of which the bytes are known again. */
const REMEMBERED = 100_000;

/** A picture that was taken, and how often it could not be read. */
interface Held extends Claim {
  tries: number;
  /** When it is tried next. */
  due: number;
  /** What it looked like, and since when. */
  stamp: string;
  since: number;
}

interface Decision {
  readonly held: Held;
  readonly entry: LedgerEntry & { readonly verdict: Verdict; readonly to: string };
  readonly result: ImageScore | null;
}

/** The state of a watch. */
export class Watcher {
  readonly #options: WatchOptions;
  readonly #held: Held[] = [];
  readonly #known = new LRUCache<string, LedgerEntry>({ max: REMEMBERED });
  readonly #counts = { OK: 0, REVIEW: 0, NG: 0, ERROR: 0, repeats: 0 };
  readonly #retention: Retention;
  #ledger!: Ledger;
  #claims!: Claims;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#retention = new Retention(options.out, [...Object.values(FOLDERS), "maps"], options);
  }

  get counts(): WatchCounts {
    return { ...this.#counts, waiting: this.#held.length };
  }

  /** Opens the ledger, and carries out what earlier runs decided. */
  async open(): Promise<AsyncDisposable> {
    const { from, out, drift, onNote, onLedger } = this.#options;
    this.#claims = await Claims.open(from, join(out, ".claimed"));
    const decided = new Map<string, LedgerEntry>();
    const ledger = await Ledger.open(join(out, "ledger"), {
      ...{ onNote, most: REMEMBERED },
      onEntry: (entry) => {
        if (entry.kind !== "drift") decided.set(entry.id, entry);
        if (entry.kind === "part") this.#remember(entry);
        drift?.replay(entry);
      },
    });
    this.#ledger = ledger;
    await onLedger?.(ledger);
    for (const claim of await this.#claims.left()) {
      const entry = decided.get(claim.id);
      if (entry) await this.#finish(claim, entry);
      else this.#hold(claim);
    }
    return ledger;
  }

  async run(arrivals: Arrivals, signal: AbortSignal): Promise<void> {
    const { once, pollMs = 1000 } = this.#options;
    while (!signal.aborted) {
      for (const claim of await this.#take()) this.#hold(claim);
      await this.#retention.apply();
      const now = Date.now();
      const due = this.#held.filter((held) => held.due <= now);
      if (due.length > 0) {
        await this.#work(due, signal);
        continue;
      }
      if (once && this.#held.length === 0) return;
      const next = Math.min(...this.#held.map((held) => held.due - now), pollMs);
      await arrivals.wait(Math.max(1, next), signal);
    }
  }

  async #take(): Promise<Claim[]> {
    const { from } = this.#options;
    return this.#claims.take(MAX_ARRIVALS - this.#held.length).catch((error) => {
      if (systemCode(error) === "ENOENT")
        throw new ServerError("folder", `${from}: the folder is gone; bring it back and start again`);
      throw error;
    });
  }

  #hold(claim: Claim): void {
    this.#held.push({ ...claim, tries: 0, due: 0, stamp: "", since: Date.now() });
  }

  #remember(entry: LedgerEntry): void {
    const { sha256, bank, repeat_of, score } = entry;
    // Errors are tried again: what refused the bytes may have been mended.
    if (repeat_of === undefined && Number.isFinite(score)) this.#known.set(`${bank} ${sha256}`, entry);
  }

  /** Scores pictures, and commits results as they come. */
  async #work(due: readonly Held[], signal: AbortSignal): Promise<void> {
    const { scorer } = this.#options;
    const decisions: Decision[] = [];
    const byId = new Map<string, { readonly held: Held; readonly sum: string }>();
    const sums = new Set<string>();
    for (const held of due) {
      const sum = await this.#sumOf(held, decisions);
      // The second of two alike is looked at when the first is known.
      if (sum === null || sums.has(sum)) continue;
      const known = this.#known.get(`${scorer.bank} ${sum}`);
      if (known) decisions.push(await this.#decide(held, sum, repeatOf(known), null, decisions));
      else {
        sums.add(sum);
        byId.set(held.id, { held, sum });
      }
    }
    await this.#commit(decisions);
    const images = [...byId.values()].map(({ held, sum }) => ({
      ...fileImage(held.path, { ...scorer.reading, sha256: sum }),
      id: held.id,
    }));
    let committed = Date.now();
    for await (const result of scorer.score(images, signal)) {
      const { held, sum } = byId.get(result.image)!;
      if ("error" in result) await this.#failed(held, sum, result.error, decisions);
      else decisions.push(await this.#decide(held, sum, this.#found(result), result, decisions));
      if (Date.now() - committed < TOGETHER_MS) continue;
      await this.#commit(decisions);
      committed = Date.now();
    }
    await this.#commit(decisions);
  }

  /** The sum of a picture's bytes; null where it cannot be read now. */
  async #sumOf(held: Held, decisions: Decision[]): Promise<string | null> {
    try {
      return await hashFile(held.path);
    } catch (error) {
      await this.#failed(held, null, error as Error, decisions);
      return null;
    }
  }

  /** What is told of a scored picture. */
  #found(result: ImageScore): { readonly verdict: Verdict } & Record<string, unknown> {
    const { image: _, verdict, ...record } = this.#options.scorer.record(result);
    const facts = imageFacts(result);
    return { verdict: verdict ?? "ERROR", ...record, ...(facts && { facts }) };
  }

  /** A picture that cannot be read is tried again until it has not changed for long. One that has no score is an error at once. */
  async #failed(held: Held, sum: string | null, error: Error, decisions: Decision[]): Promise<void> {
    const { patienceMs = 60_000, onNote } = this.#options;
    const now = Date.now();
    const info = await stat(onDisk(held.path)).catch(() => null);
    if (!info) {
      onNote?.(`${held.name}: somebody took it away before it was scored`);
      this.#release(held);
      return this.#claims.drop(held);
    }
    const stamp = `${info.size} ${info.mtimeMs} ${sum}`;
    if (stamp !== held.stamp) Object.assign(held, { stamp, since: now });
    const left = held.since + patienceMs - now;
    if (error instanceof ImageError && left > 0) {
      held.due = now + Math.min(RETRY_MS * 2 ** Math.min(held.tries++, 8), left);
      return;
    }
    const why = error instanceof ImageError ? error.problem : error.message;
    const found = {
      verdict: "ERROR" as const,
      score: null,
      error: oneLine(why).replaceAll(held.path, held.name),
    };
    decisions.push(await this.#decide(held, sum, found, null, decisions));
  }

  async #decide(
    held: Held,
    sum: string | null,
    found: { readonly verdict: Verdict } & Record<string, unknown>,
    result: ImageScore | null,
    pending: readonly Decision[],
  ): Promise<Decision> {
    const folder = FOLDERS[found.verdict];
    const taken = new Set(pending.map(({ entry: { to } }) => to).filter((to) => to.startsWith(`${folder}/`)));
    const names = new Set([...taken].map((to) => to.slice(folder.length + 1)));
    const name = await freeName(join(this.#options.out, folder), held.name, sum ?? held.id, names);
    const told = {
      ...{
        id: held.id,
        kind: "part" as const,
        time: new Date().toISOString(),
        image: held.name,
        sha256: sum,
      },
      ...{ bank: this.#options.scorer.bank, ...found, to: `${folder}/${name}` },
    };
    return { held, result, entry: JSON.parse(recordJson(told)) };
  }

  /** Writes decisions to the ledger, and then carries them out. */
  async #commit(decisions: Decision[]): Promise<void> {
    if (decisions.length === 0) return;
    const { out, onPart, onCounts, onLedger } = this.#options;
    const now = decisions.splice(0);
    const drifted = this.#drift(now);
    await this.#ledger.append([...now.map(({ entry }) => entry), ...drifted]);
    for (const { held, entry, result } of now) {
      const { verdict, to } = entry;
      await this.#claims.place(held, join(out, to)).catch((error) => this.#replace(held, entry, error));
      this.#release(held);
      this.#remember(entry);
      this.#counts[verdict]++;
      if (entry.repeat_of !== undefined) this.#counts.repeats++;
      await onPart?.({ verdict, to, path: join(out, to), result });
    }
    onCounts?.(this.counts);
    await onLedger?.(this.#ledger);
  }

  #drift(decisions: readonly Decision[]): LedgerEntry[] {
    const { drift, onDrift } = this.#options;
    return decisions.flatMap(({ entry, result }) => {
      const changed = result && drift?.add(entry, entry.facts as ImageFacts | undefined);
      if (!changed) return [];
      onDrift?.(changed.state);
      return [changed.entry];
    });
  }

  #release(held: Held): void {
    this.#held.splice(this.#held.indexOf(held), 1);
  }

  /** Carries out what an earlier run wrote. */
  async #finish(claim: Claim, entry: LedgerEntry): Promise<void> {
    const to = join(this.#options.out, String(entry.to));
    if (!(await this.#claims.finish(claim, to))) await this.#replace(claim, entry, null);
    await syncFolder(resolve(to, ".."));
  }

  /** Somebody put another file where a picture was to go: it gets another name, which the ledger tells. */
  async #replace(claim: Claim, entry: LedgerEntry, error: unknown): Promise<void> {
    const taken = error === null || systemCode((error as Error).cause ?? error) === "EEXIST";
    if (!taken) throw error;
    const folder = String(entry.to).replace(/\/.*/s, "");
    const sum = String(entry.sha256 ?? entry.id);
    const name = await freeName(join(this.#options.out, folder), claim.name, sum, new Set());
    const moved = {
      id: claim.id,
      kind: "moved" as const,
      time: new Date().toISOString(),
      to: `${folder}/${name}`,
    };
    await this.#ledger.append([{ ...moved, sha256: entry.sha256 }]);
    await this.#claims.place(claim, join(this.#options.out, moved.to));
  }
}

/** What is told of a picture whose bytes were scored before. */
function repeatOf({ id, verdict, score, p_value, scaled_score }: LedgerEntry) {
  return { ...{ verdict: verdict as Verdict, score, p_value, scaled_score }, repeat_of: id };
}
