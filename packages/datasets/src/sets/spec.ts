import { stat } from "node:fs/promises";
import { DatasetError } from "../errors.js";
import { nearestName } from "../text.js";
import type { DatasetFormat, FormatOptions } from "./format.js";
import { FORMATS } from "./formats.js";
import type { DataSet } from "./model.js";
import { readSetAs } from "./reading.js";
import { noteUnused } from "./unused.js";

/** A data set as it is named on a command line. */
export interface DataSpec {
  readonly format: DatasetFormat;
  readonly argument: string;
  readonly options: FormatOptions;
}

/**
 * Reads the name of a data set: `FORMAT:ARGUMENT`, and options after `?` where the format has any.
 *
 * @param formats Formats that may be named. Default: those of this package.
 * @throws DatasetError `bad-argument` with the nearest known name
 * @example
 * parseDataSpec("mnist:digits?protocol=multi").format.name; // "mnist"
 */
export function parseDataSpec(spec: string, formats: readonly DatasetFormat[] = FORMATS): DataSpec {
  const colon = spec.indexOf(":");
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const format = formats.find((known) => known.name === name.toLowerCase());
  if (!format) {
    const names = formats.map((known) => known.name);
    const near = nearestName(name, names);
    const mend = near ? `did you mean "${near}"?` : `choose one of ${names.join(", ")}`;
    const problem =
      colon < 0
        ? `say what it is: FORMAT:${spec}, where FORMAT is one of ${names.join(", ")}`
        : `no format "${name}" of data sets; ${mend}`;
    throw new DatasetError("bad-argument", `${spec}: ${problem}`);
  }
  const rest = colon < 0 ? "" : spec.slice(colon + 1);
  // Only what looks like options is taken for them: the name of a folder may hold a question mark too.
  const [, argument, query] = /^(.*?)(?:\?([\w-]+=.*))?$/s.exec(rest)!;
  if (!argument) {
    throw new DatasetError("bad-argument", `${spec}: say which: ${format.name}:${format.argument}`);
  }
  return { format, argument, options: parseOptions(format, query) };
}

function parseOptions(format: DatasetFormat, query = ""): FormatOptions {
  const options: Record<string, string> = {};
  for (const part of query.split("&").filter(Boolean)) {
    const [name = "", ...value] = part.split("=");
    const known = Object.keys(format.options ?? {});
    if (!known.includes(name)) {
      const near = nearestName(name, known);
      const mend =
        known.length === 0 ? "it has none" : near ? `did you mean "${near}"?` : `it has ${known.join(", ")}`;
      throw new DatasetError("bad-argument", `${format.name}: no option "${name}"; ${mend}`);
    }
    options[name] = value.join("=");
  }
  return options;
}

/**
 * Opens a data set by name. Samples are listed and labelled at once; an image is decoded when it is asked for.
 *
 * @param formats Formats that may be named. Default: those of this package.
 * @throws DatasetError naming what is missing and how the format is laid out
 * @example
 * const { categories } = await openDataSet("brainmri:downloads/brain");
 * const raster = await categories[0].test[0].load();
 */
export async function openDataSet(
  spec: string,
  formats: readonly DatasetFormat[] = FORMATS,
): Promise<DataSet> {
  const { format, argument, options } = parseDataSpec(spec, formats);
  const info = await stat(argument).catch(() => null);
  if (format.argument === "DIR") {
    if (!info) throw new DatasetError("missing", `${argument}: no such folder; check the path`);
    if (!info.isDirectory()) {
      throw new DatasetError("not-a-folder", `${argument}: this is a file; give the folder it unpacks to`);
    }
  }
  const dataSet = await format.open(argument, options);
  const shown = format.followsOrientation ? readSetAs(dataSet, { orientation: "follow" }) : dataSet;
  return info?.isDirectory() && format.argument !== "FILES" ? noteUnused(argument, shown) : shown;
}
