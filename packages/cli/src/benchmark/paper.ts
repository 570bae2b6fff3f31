import { parseDataSpec } from "@inctrl/datasets";
import type { Metrics, Published } from "@inctrl/detect";
import { ablationHeads, paperTables } from "@inctrl/inctrl";
import { DATA_FORMATS } from "../datasets/open.js";
import { CliError } from "../errors.js";
import { info, warn } from "../ui/log.js";
import type { NamedSet } from "./data.js";
import type { Entry } from "./entries.js";

/** The tables of the paper that `--paper` fills in. */
export const PAPER_TABLES = ["table1", "table2", "table3"] as const;

/** The figures of the paper that it draws. */
export const PAPER_FIGURES = ["figure3", "figure4"] as const;

export type PaperTable = (typeof PAPER_TABLES)[number];

const WIDE = "wide-resnet50-2-v1";

/** Entries of tables 1 and 2 that need no training. */
const UNTRAINED = [
  "clip-text",
  ...["spade", "padim", "patchcore"].map((name) => `${name}:paper@${WIDE}`),
  "winclip:paper",
];

/** Methods that the paper trains on auxiliary data. */
const TRAINED = ["inctrl", "coop", "regad"];

/**
 * The entries of a table of the paper.
 *
 * @param ablations a folder of trainings for table 3, each in a folder of its own.
 */
export async function paperEntries(table: PaperTable, ablations: string | undefined): Promise<string[]> {
  if (table !== "table3") {
    info(
      "InCTRL, CoOp and RegAD are trained: add 'inctrl?heads=FILE', 'coop?heads=FILE' and 'regad@FILE' by --methods",
    );
    return UNTRAINED;
  }
  if (ablations === undefined)
    throw new CliError(
      "option",
      "--paper table3: name the folder of its trainings by --ablations, or entries by --methods; docs/methods.md says how to train them",
    );
  const heads = await ablationHeads(ablations);
  if (heads.length === 0)
    throw new CliError("input", `${ablations}: no folder in it has heads.safetensors; train them first`);
  const trained = heads.map(({ label, file }) => `${label}=inctrl?heads=${file}`);
  return ["T=inctrl?components=T", "P=residual", ...trained];
}

/** What a table of the paper shows, and what the paper says beside it. */
export async function paperTable(
  table: PaperTable,
  entries: readonly Entry[],
  sets: readonly NamedSet[],
): Promise<{ metrics: (keyof Metrics)[]; published: Published; note: string }> {
  const { source, figure } = await paperTables();
  const names = new Map(sets.map((set) => [set.name, paperName(set)]));
  const methods = new Map(entries.map(({ label, method }) => [label, method.name]));
  const metric = table === "table2" ? "auprc" : "auroc";
  for (const { label, method, files } of entries) {
    const own = sets.find(({ name }) => names.get(name) === "mvtec" && !files[name]);
    if (own && TRAINED.includes(method.name))
      warn(
        `${label}: the paper trains on VisA for ${own.name} and on MVTec AD for all others; give heads.${own.name}=FILE`,
      );
  }
  // Table 3's only rows that tables 1 and 2 have too are T and all three together.
  const rowOf = (label: string) =>
    table !== "table3" ? methods.get(label) : { T: "clip-text", "T+P+I": "inctrl" }[label];
  return {
    metrics: [metric],
    published: ({ metric: asked, method, dataSet, shots }) =>
      asked === metric ? figure(metric, rowOf(method) ?? "", names.get(dataSet) ?? "", shots) : null,
    note: `In brackets: ${source}`,
  };
}

/** A data set as the paper's tables name it. */
function paperName({ spec }: NamedSet): string {
  const { format, options } = parseDataSpec(spec, DATA_FORMATS);
  return options.protocol === "multi" ? `${format.name} multi` : format.name;
}
