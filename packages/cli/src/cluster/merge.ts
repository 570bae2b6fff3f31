import {
  chunkName,
  gathered,
  type Merged,
  mergeRows,
  missingChunks,
  type ObjectWriter,
  openStore,
  readChunks,
  readImages,
  readRun,
  type Store,
} from "@inctrl/cluster";
import { count } from "@inctrl/datasets";
import type { ScoreRecord } from "@inctrl/detect";
import { EXIT } from "../errors.js";
import { openFormat } from "../output/formats.js";
import { ParquetRows } from "../output/parquet.js";
import { openSink } from "../output/sink.js";
import { info, warn } from "../ui/log.js";
import { mergeBenchmark } from "./merge-benchmark.js";
import type { MergeOptions } from "./options.js";
import { isBenchmark } from "./prepare.js";

/** Missing chunks that are named. */
const NAMED = 20;

/** Writes rows in a format, from their lines of JSON. */
function rowsTo(format: MergeOptions["format"], writer: ObjectWriter) {
  switch (format) {
    case "jsonl":
      return { line: (text: string) => writer.write(`${text}\n`), end: async () => {} };
    case "csv": {
      const csv = openFormat("csv");
      return {
        line: (text: string) => writer.write(csv.row(JSON.parse(text) as ScoreRecord)),
        end: ({ scored, failed }: Merged) =>
          writer.write(csv.end({ scored, skipped: failed, complete: true })),
      };
    }
    case "parquet": {
      const parquet = new ParquetRows((bytes) => writer.write(bytes));
      return {
        line: (text: string) => parquet.row(JSON.parse(text) as ScoreRecord),
        end: () => parquet.end(),
      };
    }
  }
}

/** What the rows of chunks are of, where each has one. */
async function rowsIn(store: Store, chunks: readonly number[]): Promise<string[]> {
  const all = await readChunks(store);
  return (await Promise.all(chunks.map((index) => readImages(store, all[index])))).flat();
}

/** `inctrl cluster merge`: joins the chunks of a run. Returns the exit code. */
export async function runMerge(options: MergeOptions, signal: AbortSignal): Promise<number> {
  const { runs, run: name, format, out } = options;
  const store = await openStore(runs, name);
  try {
    const run = await readRun(store);
    const missing = await missingChunks(store);
    if (missing.length > 0) {
      const named = missing.slice(0, NAMED);
      const shown = (isBenchmark(run) ? await rowsIn(store, named) : named.map(chunkName)).join(", ");
      const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
      warn(
        `${name}: ${count(missing.length, "chunk")} of ${run.chunks} missing: ${shown}${more}; submit again, or retry`,
      );
      return EXIT.skipped;
    }
    if (isBenchmark(run)) return await mergeBenchmark(store, run, options, signal);
    const file = `result.${format}`;
    const writer = gathered(out === undefined ? await store.open(file) : await openSink(out));
    const failures = gathered(await store.open("skipped.jsonl"));
    const rows = rowsTo(format, writer);
    try {
      const merged = await mergeRows(store, run, {
        line: (text) => rows.line(text),
        failure: (failure) => failures.write(`${JSON.stringify(failure)}\n`),
      });
      await rows.end(merged);
      await writer.finish();
      if (merged.failed > 0) await failures.finish();
      else await failures.discard();
      const summary = gathered(await store.open("summary.json"));
      await summary.write(`${JSON.stringify({ run: name, ...merged, version: run.version }, null, 2)}\n`);
      await summary.finish();
      const skipped =
        merged.failed > 0 ? `, ${merged.failed} skipped: ${store.where}/skipped.jsonl says why` : "";
      info(`${count(merged.scored, "image")} in ${out ?? `${store.where}/${file}`}${skipped}`);
      return merged.failed > 0 ? EXIT.skipped : EXIT.ok;
    } catch (error) {
      await writer.discard();
      await failures.discard();
      throw error;
    }
  } finally {
    store.close();
  }
}
