import { type DataSet, oneLine, type Window, windowText } from "@inctrl/datasets";
import { type LineResult, lineResult } from "../evaluation/line.js";
import { summarize } from "../evaluation/summary.js";
import { type Draw, type Evaluation, METRICS, type Metrics } from "../evaluation/types.js";
import { csvLine } from "./csv.js";
import { factLines, type RunFacts } from "./facts.js";
import { lineNote, lineTable } from "./line-table.js";
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
  const { dataSet, shots, seeds, settings, categories, line, complete } = evaluation;
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
        ...(line && { line: lineFacts(lineResult(draw, labels, line.alpha)) }),
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

/** What a line does, under its names in files. */
const lineFacts = (result: LineResult | null) =>
  result && {
    ...{ status: result.line.status, alpha: result.line.alpha, n: result.line.n },
    ...{ threshold: result.line.threshold, good: result.good, false_alarms: result.falseAlarms },
    ...{ bad: result.bad, missed: result.missed, held: result.held },
  };

const LINE_COLUMNS = ["n", "threshold", "good", "false_alarms", "bad", "missed", "held"] as const;

const isFraction = (value: unknown): value is number => typeof value === "number" && !Number.isInteger(value);

/** Metrics under their names in files: `f1_max`, `pixel_auroc`. */
function named<T>(metrics: Readonly<Record<keyof Metrics, T>>): Record<string, T> {
  return Object.fromEntries(METRICS.map((name) => [fileName(name), metrics[name]]));
}

export const fileName = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** `results.csv`: one line for each draw; what calibrated lines do stands last, where it was asked for. */
export function resultsCsv({ categories, line: request }: Evaluation): string {
  const head = [
    "category",
    "shots",
    "seed",
    ...METRICS.map(fileName),
    "seconds_per_image",
    "problem",
    "window",
    ...(request ? LINE_COLUMNS.map((name) => `line_${name}`) : []),
  ];
  type Row = Pick<Draw, "category" | "problem"> & Partial<Draw>;
  const lineCells = ({ scores, calibration }: Row, labels: readonly (0 | 1)[]) => {
    if (!request) return [];
    const facts = scores ? lineFacts(lineResult({ scores, calibration }, labels, request.alpha)) : null;
    return LINE_COLUMNS.map((name) =>
      name === "held" ? facts && String(facts.held) : (facts?.[name] ?? null),
    );
  };
  const line = (draw: Row, labels: readonly (0 | 1)[], window?: Window) =>
    csvLine([
      ...[draw.category, draw.shots ?? null, draw.seed ?? null],
      ...METRICS.map((name) => draw.metrics?.[name] ?? null),
      ...[draw.problem || !draw.seconds ? null : draw.seconds, draw.problem],
      window ? windowText(window) : null,
      ...lineCells(draw, labels),
    ]);
  const lines = categories.flatMap(({ name, problem, draws, labels, window }) =>
    problem ? [line({ category: name, problem }, labels)] : draws.map((draw) => line(draw, labels, window)),
  );
  return csvLine(head) + lines.join("");
}

/** `results.md`: the tables and the facts of the run. */
export function resultsMarkdown(evaluation: Evaluation, facts: RunFacts): string {
  const lines = factLines(facts, evaluation).map(([title, text]) => `- ${title}: ${markdownCell(text)}\n`);
  const explained =
    evaluation.seeds.length > 1
      ? "\nMean and standard deviation over the draws; the mean over categories is unweighted.\n"
      : "";
  const atLine = lineTable(evaluation);
  const verdicts = atLine.length > 0 ? `\n${lineNote(evaluation)}\n\n${markdownTable(atLine)}` : "";
  const results = markdownTable(tableRows(summarize(evaluation)));
  return `# ${markdownCell(evaluation.dataSet)}\n\n${results}${explained}${verdicts}\n${lines.join("")}`;
}

/** Rows of text as a table, the heading first. */
function markdownTable([head, ...body]: readonly string[][]): string {
  const line = (cells: readonly string[]) =>
    `| ${[...cells, ...Array(head.length - cells.length).fill("")].map(markdownCell).join(" | ")} |\n`;
  const rule = `| ${head.map((_, i) => (i === 0 ? "---" : "---:")).join(" | ")} |\n`;
  return `${line(head)}${rule}${body.map(line).join("")}`;
}

/** A name with everything escaped that Markdown would take for markup. */
export function markdownCell(text: string): string {
  return oneLine(text).replace(/[\\`*_[\]<>|#~&]/g, "\\$&");
}
