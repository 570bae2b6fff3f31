import { type DataSet, readAs } from "@inctrl/datasets";
import type { Device, TraceReport } from "@inctrl/tensor";
import { type Detector, fitImages } from "../detector.js";
import type { Evaluation } from "../evaluation/types.js";
import { shownDraw } from "../report/choose.js";
import { csvLine } from "../report/csv.js";
import { markdownCell } from "../report/results.js";
import { scoreImages } from "../score-images.js";

/** What a method costs on its network. */
export interface CostRow {
  readonly method: string;
  readonly backbone: string;
  /** Values of the network that looks at images. */
  readonly parameters: number;
  /** Multiplications and additions for an image, as the kernels that run state theirs; null where nothing was measured. */
  readonly flop: number | null;
  /** Mean time an image: decoding, encoding where no cache had it, and the comparison. It differs from run to run. */
  readonly seconds: number | null;
}

/**
 * Multiplications and additions for one image, as the kernels that run state theirs, with the largest K that was measured; null where
 * nothing was. Encodes the prompts and an image once more, so the detector's encoder must not have a cache.
 */
export async function imageFlop(
  { categories, shots }: Evaluation,
  dataSet: DataSet,
  detector: Detector,
): Promise<number | null> {
  for (const category of categories) {
    const draw = shownDraw(category, shots);
    const { train, test, className } = dataSet.categories.find(({ name }) => name === category.name)!;
    const image = draw?.scores.findIndex((score) => score !== null) ?? -1;
    if (!draw || image < 0) continue;
    const shown = (id: string) =>
      readAs(train.find((sample) => sample.id === id)!, { window: category.window });
    using fitted = await fitImages(detector, draw.prompts.map(shown), { className });
    const { kernels } = await traced(detector.encoder.backbone.device, async () => {
      for await (const found of scoreImages(fitted, [test[image]], { facts: false }))
        if ("error" in found) throw found.error;
    });
    return kernels.reduce((sum, { flop }) => sum + flop, 0);
  }
  return null;
}

async function traced(device: Device, work: () => Promise<void>): Promise<TraceReport> {
  const trace = device.trace();
  let report: TraceReport;
  try {
    await work();
  } finally {
    report = await trace.stop();
  }
  return report;
}

/** One line a method. */
export function costsCsv(rows: readonly CostRow[]): string {
  const head = csvLine(["method", "network", "parameters", "flop_per_image", "seconds_per_image"]);
  const body = rows.map(({ method, backbone, parameters, flop, seconds }) =>
    csvLine([method, backbone, parameters, flop, seconds]),
  );
  return head + body.join("");
}

/** Titles of `costCells`. */
export const COST_TITLES = ["parameters", "GFLOP an image"] as const;

/** A method's parameters in millions, and its operations in billions. */
export const costCells = ({ parameters, flop }: Pick<CostRow, "parameters" | "flop">): string[] => [
  `${(parameters / 1e6).toFixed(2)} M`,
  flop === null ? "-" : (flop / 1e9).toPrecision(3),
];

/** The costs in Markdown, without times. */
export function costsMarkdown(rows: readonly CostRow[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  const body = rows.map((row) =>
    line([markdownCell(row.method), markdownCell(row.backbone), ...costCells(row)]),
  );
  return `## Cost\n\n${line(["method", "network", ...COST_TITLES])}${line(["---", "---", "---:", "---:"])}${body.join("")}`;
}
