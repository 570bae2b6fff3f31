import { join } from "node:path";
import { requireNetwork } from "@inctrl/baselines";
import { count, writeFileAtomic } from "@inctrl/datasets";
import {
  type ClassCurve,
  type ClassDraw,
  classCurve,
  classDraws,
  figure4Csv,
  figure4Page,
  figure4Tables,
} from "@inctrl/detect";
import { adapterName, withDevice } from "../device.js";
import { CliError, EXIT } from "../errors.js";
import { holdFolder } from "../output/folder.js";
import { print } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { info } from "../ui/log.js";
import { type NamedSet, openSets } from "./data.js";
import { parseEntries } from "./entries.js";
import { hasProblems, measureEntries } from "./measure.js";
import type { BenchmarkOptions } from "./options.js";
import { requireFiles } from "./trained.js";

/** A category, and the draws of its prompts. */
interface DrawnCategory {
  readonly of: string;
  readonly draws: readonly ClassDraw[];
}

/** Draws figure 4 of the paper: AUROC by the number of normal classes that the prompts come from. Returns the exit code. */
export async function runFigure4(options: BenchmarkOptions, signal: AbortSignal): Promise<number> {
  const { out, seeds, methods = ["residual"] } = options;
  const shots = Math.max(...options.shots);
  const entries = parseEntries(methods, options);
  const opened = await openSets(options);
  await requireFiles(entries, opened);
  const drawn = opened.map(({ categories }) =>
    categories.map((each): DrawnCategory => ({ of: each.name, draws: classDraws(each, { shots, seeds }) })),
  );
  const sets = opened.map((set, i): NamedSet => {
    if (drawn[i].some(({ draws }) => draws.length === 0))
      throw new CliError(
        "option",
        `--data ${set.spec}: not all of its categories have several normal classes; give a set that has, such as mnist:DIR?protocol=multi`,
      );
    return { ...set, categories: drawn[i].flatMap(({ draws }) => draws.map(({ category }) => category)) };
  });
  for (const { backbone } of entries) await requireNetwork(backbone);
  await using _ = await holdFolder(out);
  return await withDevice(options.device, async (device) => {
    const measuring = { ...options, out: join(out, "figure4"), shots: [shots], seeds: 0, pictures: 0 };
    const found = await measureEntries(device, entries, sets, measuring, signal);
    if (!found) return EXIT.interrupted;
    const curves = sets.flatMap((_, i) =>
      drawn[i].flatMap((each) =>
        found.map(
          ({ evaluations, facts: { method } }): ClassCurve => classCurve(evaluations[i], { method, ...each }),
        ),
      ),
    );
    for (const { place, rows } of figure4Tables(curves)) await print(`${place}\n${alignTable(rows)}\n`);
    const title = sets.map(({ name }) => name).join(", ");
    const about = `K = ${shots}, ${count(seeds, "draw")} of each number of classes, on ${adapterName(device.caps)}`;
    const files = {
      "figure4.html": figure4Page({ title, about, curves, methods: found.map(({ facts }) => facts) }),
      "figure4.csv": figure4Csv(curves),
    };
    for (const [file, text] of Object.entries(files)) await writeFileAtomic(join(out, file), text);
    info(`results in ${out}: ${Object.keys(files).join(", ")}`);
    return hasProblems(found, sets) ? EXIT.skipped : EXIT.ok;
  });
}
