import { type DataSet, oneLine, type Window, windowText } from "@inctrl/datasets";
import { summarize } from "../evaluation/summary.js";
import { type Draw, type Evaluation, METRICS, type Metrics } from "../evaluation/types.js";
import { csvLine } from "./csv.js";
import { factLines, type RunFacts } from "./facts.js";
import { tableRows } from "./table.js";

/**
 * `results.json`: facts of the run, what of the data set is left out, each category with its draws and their prompts by name, and the
 * means.
 */
export function resultsJson(
  evaluation: Evaluation,
  facts: RunFacts,
  { skipped = [], notes = [] }: Partial<Pick<DataSet, "skipped" | "notes">> = {},
): string {
  const { dataSet, shots, seeds, settings, categories, complete } = evaluation;
  const rows = summarize(evaluation);
  const summary = (name: string | null) =>
    rows
      .filter(({ category }) => category === name)
      .map((row) => ({ shots: row.shots, ...named(row.metrics), seconds_per_image: row.seconds }));
  const document = {
    ...facts,
    data_set: dataSet,
    left_out: skipped,
    notes,
    blocks: settings.blocks.split(",").map((tap) => (Number.isNaN(Number(tap)) ? tap : Number(tap))),
    preprocessing: JSON.parse(settings.preprocessing),
    ...(settings.components && { components: settings.components.split(",") }),
    ...(settings.aggregate && { aggregate: settings.aggregate }),
    ...(settings.alpha && { alpha: Number(settings.alpha) }),
    fit: settings.fit,
    ...(settings.orientation && { orientation: settings.orientation }),
    shots,
    seeds,
    complete,
    categories: categories.map(({ name, className, labels, window, problem, skipped, draws }) => ({
      name,
      class: className,
      normal: labels.filter((label) => label === 0).length,
      anomalous: labels.filter((label) => label === 1).length,
      ...(window && { window: windowText(window) }),
      problem,
      skipped,
      summary: summary(name),
      draws: draws.map((draw) => ({
        shots: draw.shots,
        seed: draw.seed,
        ...named(draw.metrics),
        seconds_per_image: draw.seconds,
        problem: draw.problem,
        prompts: draw.prompts,
      })),
    })),
    mean: summary(null),
  };
  const text = JSON.stringify(
    document,
    (_, value) => (isFraction(value) ? Number(value.toPrecision(9)) : value),
    2,
  );
  return `${text}\n`;
}

const isFraction = (value: unknown): value is number => typeof value === "number" && !Number.isInteger(value);

/** Metrics under their names in files: `f1_max`, `pixel_auroc`. */
function named<T>(metrics: Readonly<Record<keyof Metrics, T>>): Record<string, T> {
  return Object.fromEntries(METRICS.map((name) => [fileName(name), metrics[name]]));
}

export const fileName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `results.csv`: one line for each draw. */
export function resultsCsv({ categories }: Evaluation): string {
  const head = [
    "category",
    "shots",
    "seed",
    ...METRICS.map(fileName),
    "seconds_per_image",
    "problem",
    "window",
  ];
  const line = (draw: Pick<Draw, "category" | "problem"> & Partial<Draw>, window?: Window) =>
    csvLine([
      ...[draw.category, draw.shots ?? null, draw.seed ?? null],
      ...METRICS.map((name) => draw.metrics?.[name] ?? null),
      ...[draw.problem || !draw.seconds ? null : draw.seconds, draw.problem],
      window ? windowText(window) : null,
    ]);
  const lines = categories.flatMap(({ name, problem, draws, window }) =>
    problem ? [line({ category: name, problem })] : draws.map((draw) => line(draw, window)),
  );
  return csvLine(head) + lines.join("");
}

/** `results.md`: the table and the facts of the run. */
export function resultsMarkdown(evaluation: Evaluation, facts: RunFacts): string {
  const [head, ...body] = tableRows(summarize(evaluation)) as [string[], ...string[][]];
  const line = (cells: readonly string[]) =>
    `| ${[...cells, ...Array(head.length - cells.length).fill("")].map(markdownCell).join(" | ")} |\n`;
  const rule = `| ${head.map((_, i) => (i === 0 ? "---" : "---:")).join(" | ")} |\n`;
  const lines = factLines(facts, evaluation).map(([title, text]) => `- ${title}: ${markdownCell(text)}\n`);
  const explained =
    evaluation.seeds.length > 1
      ? "\nMean and standard deviation over the draws; the mean over categories is unweighted.\n"
      : "";
  return `# ${markdownCell(evaluation.dataSet)}\n\n${line(head)}${rule}${body.map(line).join("")}${explained}\n${lines.join("")}`;
}

/** A name with everything escaped that Markdown would take for markup. */
export function markdownCell(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>|#~&]/g, "\\$&");
}
