import { BENCHMARK, type BenchmarkSettings } from "../benchmark/options.js";
import { runBenchmark } from "../benchmark/run.js";
import { CliError } from "../errors.js";
import { methodHelp } from "../methods.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

/** `inctrl benchmark`: several methods on the same draws of the same prompts, in one table. */
export const benchmarkCommand = defineVerb({
  summary: "compare methods on data sets",
  description:
    "Measures several methods on the same draws of the same prompts, and says how sure their differences are.",
  options: BENCHMARK,
  examples: `
Which method is best on these parts?
  inctrl benchmark --data folder:parts --backbone deit-tiny --methods residual,anomalydino,subspacead --out comparison

Several data sets in one table, and methods with settings, a trained file or a network of their own:
  inctrl benchmark --data brainmri:downloads/brain mvtec:downloads/mvtec --backbone deit-tiny --shots 4 --out comparison \\
    --methods 'residual?aggregate=top3,inctrl?heads=run/heads.safetensors,subspacead:paper@dinov2.safetensors'

Which patches of an image match which of the prompts'?
  inctrl benchmark --paper figure3 --data brainmri:downloads/brain --images yes/Y1.jpg --shots 2 --out figure

Share the categories between many machines, and make the tables of what they find:
  inctrl benchmark --data mvtec:/shared/mvtec --methods residual,subspacead --run first --runs /shared/runs --redis redis://queue:6379
  inctrl cluster worker --runs /shared/runs --redis redis://queue:6379
  inctrl cluster merge --run first --runs /shared/runs --out comparison`,
  notes: `
The same command with the same --out goes on where it was stopped. benchmark.csv has every figure with its deviation over the
draws, and the difference of each AUROC to the best with the 95% interval of a paired bootstrap. costs.csv has parameters,
arithmetic and the time of an image. With several data sets the tables have a column for each, the mean over its categories.

${methodHelp()}

Exit code 0: everything was measured; 2: some images were unreadable, or a category could not be measured;
1: the run failed; 130: Ctrl-C stopped it.`,
  run: (settings) => interruptible((signal) => measure(settings, signal)),
});

async function measure(settings: BenchmarkSettings, signal: AbortSignal): Promise<number> {
  const { out, run, shard } = settings;
  if (run !== undefined) {
    const cluster = await import("../cluster/benchmark.js");
    return await cluster.runClusterBenchmark({ ...settings, run }, signal);
  }
  if (shard !== undefined) throw new CliError("option", "--shard is a share of a run; add --run NAME");
  if (out === undefined) throw new CliError("option", "where results go, is not said; add --out FOLDER");
  return await runBenchmark({ ...settings, out }, signal);
}
