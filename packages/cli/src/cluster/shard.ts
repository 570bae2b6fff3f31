import {
  type ChunkScorer,
  readShard,
  type Shard,
  type ShardCounts,
  scoreShard,
  Watchdog,
} from "@inctrl/cluster";
import { count } from "@inctrl/datasets";
import type { ScoreOptions } from "../commands/score.js";
import { CliError, EXIT } from "../errors.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";
import { countRows, type Opened, prepareRun, requireRun } from "./prepare.js";
import { withScorer } from "./scorer.js";

/** The exit code of a worker whose device hangs: EX_TEMPFAIL, which asks a scheduler to try again. */
export const HUNG = 75;

/** `inctrl score --shard`: scores a share of a run's chunks. Returns the exit code. */
export async function runShard(options: ScoreOptions, signal: AbortSignal): Promise<number> {
  refuseOthers(options);
  const asked = { ...options };
  requireRun(asked);
  const shard = readShard(options.shard as string, process.env);
  const opened = await prepareRun(asked);
  return await scoreShare(opened, shard, (job) => withScorer(opened, options, signal, job), signal);
}

/**
 * Scores a share of a run, whose store is closed at the end. Returns the exit code.
 *
 * @param withOpened runs a job with what scores the run.
 */
export async function scoreShare(
  { store, run, chunks }: Opened,
  shard: Shard,
  withOpened: (job: (scorer: ChunkScorer) => Promise<ShardCounts>) => Promise<ShardCounts>,
  signal: AbortSignal,
): Promise<number> {
  using watchdog = new Watchdog({ onHung: endHung });
  try {
    const own = Math.ceil(Math.max(0, chunks.length - shard.index) / shard.of);
    info(
      `${run.name}: shard ${shard.index + 1} of ${shard.of}, ${count(own, "chunk")} of ${chunks.length}, in ${store.where}`,
    );
    const counts = await withOpened((scorer) =>
      withProgress({ total: 0, verb: "scoring" }, async (update) => {
        let done = 0;
        watchdog.start(scorer.quietMs);
        return await scoreShard({ store, run, chunks, shard }, scorer, {
          signal,
          onFailure: (error) => warn(`skipped ${error}`),
          onBeat: () => watchdog.beat(),
          onRow: () => update(++done),
        });
      }),
    );
    const { scored, failed, left } = counts;
    info(
      `${countRows(run, scored)} scored, ${failed} skipped${left > 0 ? `, ${count(left, "chunk")} left` : ""}`,
    );
    if (signal.aborted) return EXIT.interrupted;
    return failed > 0 ? EXIT.skipped : EXIT.ok;
  } finally {
    store.close();
  }
}

/** Ends the process at once: a device that hangs lets nothing be closed. */
export function endHung(ms: number): void {
  warn(`the device has given nothing for ${Math.round(ms / 1000)} s and counts as hung; this worker ends`);
  process.exit(HUNG);
}

/** Options of `score` that have no place in a run. */
function refuseOthers({
  prompts,
  saveBank,
  heatmaps,
  out,
  profile,
  format,
  exitVerdict,
  strict,
}: ScoreOptions) {
  const others = {
    ...{ "--prompts": prompts, "--save-bank": saveBank, "--heatmaps": heatmaps, "--out": out },
    ...{ "--profile": profile, "--exit-verdict": exitVerdict || undefined, "--strict": strict },
    "--format": format === "table" ? undefined : format,
  };
  const given = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  if (given !== undefined)
    throw new CliError(
      "option",
      `${given} is not for --shard: shards write chunks, which inctrl cluster merge joins; leave it out`,
    );
}
