import { checkRunName, createRun, openStore, readShard, writeManifest } from "@inctrl/cluster";
import { openComparison } from "../benchmark/chosen.js";
import type { BenchmarkSettings } from "../benchmark/options.js";
import { CliError } from "../errors.js";
import { withMeasurer } from "./measurer.js";
import type { Opened } from "./prepare.js";
import { redisPlace } from "./redis.js";
import { scoreShare } from "./shard.js";
import { enqueue } from "./submit.js";
import { benchmarkFacts, jobsOf, tableOf } from "./table-run.js";

/** `inctrl benchmark --run`: a job for each category in the queue, or with `--shard` a share of them here. Returns the exit code. */
export async function runClusterBenchmark(
  options: BenchmarkSettings & { readonly run: string },
  signal: AbortSignal,
): Promise<number> {
  const { out, shard, redis } = options;
  if (out !== undefined)
    throw new CliError(
      "option",
      "--out is for inctrl cluster merge, which makes a run's tables; leave it out here",
    );
  const share = shard === undefined ? null : readShard(shard, process.env);
  if (share === null) await redisPlace(redis);
  const opened = await prepareBenchmark(options);
  if (share === null) return await enqueue(opened, redis, signal);
  return await scoreShare(opened, share, (job) => withMeasurer(opened, options, signal, job), signal);
}

/** Writes the files of a benchmark's run, or finds them written. A row is a category's, and so is a chunk. */
async function prepareBenchmark(options: BenchmarkSettings & { readonly run: string }): Promise<Opened> {
  const settings = tableOf(options);
  const { entries, sets } = await openComparison(settings);
  const facts = await benchmarkFacts(settings, entries);
  const store = await openStore(options.runs, checkRunName(options.run));
  try {
    const manifest = await writeManifest(store, jobsOf(sets).keys(), 1);
    const made = await createRun(store, facts, {
      ...{ name: options.run, images: manifest.images, chunk: 1 },
      ...{ chunks: manifest.chunks.length, manifest: manifest.sha256 },
    });
    return { store, chunks: manifest.chunks, ...made };
  } catch (error) {
    store.close();
    throw error;
  }
}
