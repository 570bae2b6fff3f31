import { oneLine } from "@inctrl/datasets";
import {
  COCO_CATEGORIES,
  type CsvCell,
  cocoImage,
  csvLine,
  type GridSize,
  labelStudioTask,
  recordJson,
  type ScoreRecord,
} from "@inctrl/detect";
import { fixed } from "../ui/amounts.js";
import type { RunFooter, RunHeader } from "./record.js";

/** Turns a run into text, image by image. Memory does not grow with the run. */
export interface Format {
  begin(header: RunHeader): string;
  row(record: ScoreRecord): string;
  end(footer: RunFooter): string;
}

/** The values of `--format`. */
export const FORMATS = ["table", "json", "jsonl", "csv", "coco", "label-studio"] as const;

/** Formats of regions, which lie above a line. */
export const needsLine = (name: FormatName): boolean => name === "coco" || name === "label-studio";

export type FormatName = (typeof FORMATS)[number];

/**
 * The writer of a format.
 *
 * @param images the names of all images, which set the width of the table's first column.
 * @example
 * const format = openFormat("csv", paths);
 * text += format.begin(header) + format.row(record) + format.end(footer);
 */
export function openFormat(name: FormatName, images: readonly string[] = []): Format {
  switch (name) {
    case "json":
      return json();
    case "jsonl":
      return { begin: () => "", row: (record) => `${recordJson(record)}\n`, end: () => "" };
    case "csv":
      return csv();
    case "coco":
      return coco();
    case "label-studio":
      return labelStudio();
    case "table":
      return table(images);
  }
}

/** One document. `end` closes it, so that an interrupted run is valid JSON too. */
function json(): Format {
  let rows = 0;
  return {
    begin: (header) => `${recordJson(header).slice(0, -1)},"results":[`,
    row: (record) => `${rows++ === 0 ? "" : ","}\n${recordJson(record)}`,
    end: (footer) => `${rows === 0 ? "" : "\n"}],${recordJson(footer).slice(1)}\n`,
  };
}

/** A COCO file. Its annotations follow the images, and are held until then. */
function coco(): Format {
  const annotations: string[] = [];
  let images = 0;
  return {
    begin: ({ bank, backbone }) =>
      `{"info":${recordJson({ description: "regions above the line of inctrl", bank, backbone })},"categories":${recordJson(COCO_CATEGORIES)},"images":[`,
    row(record) {
      const found = cocoImage(record, ++images, annotations.length + 1);
      for (const each of found.annotations) annotations.push(recordJson(each));
      return `${images === 1 ? "" : ","}\n${recordJson(found.image)}`;
    },
    end: () => `\n],"annotations":[\n${annotations.join(",\n")}\n]}\n`,
  };
}

/** Tasks of Label Studio, one an image. */
function labelStudio(): Format {
  let [model, tasks] = ["", 0];
  return {
    begin({ bank, backbone }) {
      model = bank === null ? backbone : `bank ${bank}`;
      return "[";
    },
    row: (record) => `${tasks++ === 0 ? "" : ","}\n${recordJson(labelStudioTask(record, model))}`,
    end: () => "\n]\n",
  };
}

/** Values of a record that are a cell as they are. */
type CellName = { [K in keyof ScoreRecord]-?: ScoreRecord[K] extends CsvCell ? K : never }[keyof ScoreRecord];

type Column<Cell> = readonly [title: string, read: (record: ScoreRecord) => Cell];

/** A text in columns, which the first record names: methods have parts of their own. */
function inColumns<Cell>(
  columnsOf: (first: ScoreRecord | null) => readonly Column<Cell>[],
  heading: (columns: readonly Column<Cell>[]) => string,
  line: (record: ScoreRecord, columns: readonly Column<Cell>[]) => string,
): Pick<Format, "row" | "end"> {
  let columns: readonly Column<Cell>[] | null = null;
  const open = (first: ScoreRecord | null) => {
    columns = columnsOf(first);
    return heading(columns);
  };
  return {
    row: (record) => (columns ? "" : open(record)) + line(record, columns!),
    end: () => (columns ? "" : open(null)),
  };
}

/** What the score of another method is made of. */
const partColumns = (first: ScoreRecord | null): Column<number | null>[] =>
  Object.keys(first?.parts ?? {}).map((name) => [name, ({ parts }) => parts?.[name] ?? null]);

const csv = (): Format => ({
  begin: () => "",
  ...inColumns<CsvCell>(
    scoreColumns,
    (columns) => csvLine(columns.map(([title]) => title)),
    (record, columns) => csvLine(columns.map(([, read]) => read(record))),
  ),
});

/** Columns that are called as what they hold of a record. */
const fieldColumns = (...names: readonly CellName[]): Column<CsvCell>[] =>
  names.map((name) => [name, (record) => record[name]]);

const CSV_COLUMNS: readonly Column<CsvCell>[] = [
  ...fieldColumns("image", "score", "residual", "image_residual", "text", "phi"),
  ["match_prompt", ({ match }) => match?.prompt ?? null],
  ["match_patch", ({ match }) => match?.patch ?? null],
  ["match_query_patch", ({ match }) => match?.query_patch ?? null],
  ...fieldColumns("fit", "view", "window", "verdict", "p_value", "scaled_score"),
  ["calibration_status", ({ calibration }) => calibration?.status ?? null],
  ["calibration_alpha", ({ calibration }) => calibration?.alpha ?? null],
  ["calibration_n", ({ calibration }) => calibration?.n ?? null],
  ["calibration_threshold", ({ calibration }) => calibration?.threshold ?? null],
];

/** The columns of the CSV by their titles. Those of a method's parts are what the first record has. */
export const scoreColumns = (first: ScoreRecord | null): readonly Column<CsvCell>[] => [
  ...CSV_COLUMNS,
  ...partColumns(first),
];

/** The widest first column. A longer name shifts its own row and no other. */
const WIDEST_NAME = 60;

/** Columns between the name and the match, with those of `partColumns`. Those that the first record does not have are left out. */
const CELLS = fieldColumns("score", "verdict", "p_value", "residual", "image_residual", "text");

function table(images: readonly string[]): Format {
  let width = "image".length;
  for (const image of images) width = Math.max(width, Math.min(oneLine(image).length, WIDEST_NAME));
  let grid = 1;
  type Columns = readonly Column<CsvCell>[];
  const line = (
    name: string,
    columns: Columns,
    cells: readonly string[],
    [where, nearest]: readonly string[],
  ) => {
    const padded = cells.map((cell, i) => cell.padStart(Math.max(6, columns[i][0].length)));
    return `${[oneLine(name).padEnd(width), ...padded, where.padEnd(11), oneLine(nearest)].join("  ")}\n`;
  };
  const at = (patch: number, [rows, columns]: GridSize = [grid, grid]) => {
    const local = patch % (rows * columns);
    return `${Math.floor(local / columns) + 1}, ${(local % columns) + 1}`;
  };
  return {
    begin(header) {
      grid = header.grid;
      return "";
    },
    ...inColumns<CsvCell>(
      (first) => [
        ...CELLS.filter(([title, read]) => title === "score" || (first && read(first) !== null)),
        ...partColumns(first),
      ],
      (columns) => {
        const titles = columns.map(([title]) => title);
        return line("image", columns, titles, ["row, column", "nearest normal patch"]);
      },
      (record, columns) => {
        const { image, match } = record;
        const values = columns.map(([, read]) => read(record));
        const cells = values.map((value) => (typeof value === "number" ? fixed(value) : (value ?? "-")));
        const nearest = match && [
          at(match.query_patch, match.query_grid),
          `${match.prompt} at ${at(match.patch, match.prompt_grid)}`,
        ];
        return line(image, columns, cells, nearest ?? ["-", "-"]);
      },
    ),
  };
}
