import { stat } from "node:fs/promises";
import { DatasetError } from "../errors.js";
import type { Form, Options } from "./form.js";
import { FORMS } from "./forms.js";
import type { DataSet } from "./model.js";
import { nearestName } from "./names.js";

/** A data set as it is named on a command line. */
export interface DataSpec {
  readonly form: Form;
  readonly argument: string;
  readonly options: Options;
}

/**
 * Reads the name of a data set: `FORM:ARGUMENT`, and options after `?` where the form has any.
 *
 * @throws DatasetError `bad-argument` with the nearest name there is
 * @example
 * parseDataSpec("mnist:digits?protocol=multi").form.name; // "mnist"
 */
export function parseDataSpec(spec: string): DataSpec {
  const colon = spec.indexOf(":");
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const form = FORMS.find((known) => known.name === name.toLowerCase());
  if (!form) throw unknownForm(spec, name, colon >= 0);
  const rest = colon < 0 ? "" : spec.slice(colon + 1);
  // Only what looks like options: a folder's name may hold a question mark too.
  const [, argument, query] = /^(.*?)(?:\?([\w-]+=.*))?$/s.exec(rest)!;
  if (!argument) {
    throw new DatasetError("bad-argument", `${spec}: say which: ${form.name}:${form.argument}`);
  }
  return { form, argument, options: readOptions(form, query) };
}

function readOptions(form: Form, query = ""): Options {
  const options: Record<string, string> = {};
  for (const part of query.split("&").filter(Boolean)) {
    const [name = "", ...value] = part.split("=");
    const known = Object.keys(form.options ?? {});
    if (!known.includes(name)) {
      const near = nearestName(name, known);
      const mend =
        known.length === 0 ? "it has none" : near ? `did you mean "${near}"?` : `it has ${known.join(", ")}`;
      throw new DatasetError("bad-argument", `${form.name}: no option "${name}"; ${mend}`);
    }
    options[name] = value.join("=");
  }
  return options;
}

function unknownForm(spec: string, name: string, coloned: boolean): DatasetError {
  const names = FORMS.map((form) => form.name);
  if (!coloned) {
    const message = `${spec}: say what it is: FORM:${spec}, where FORM is one of ${names.join(", ")}`;
    return new DatasetError("bad-argument", message);
  }
  const near = nearestName(name, names);
  const mend = near ? `did you mean "${near}"?` : `choose one of ${names.join(", ")}`;
  return new DatasetError("bad-argument", `${spec}: no form "${name}" of data sets; ${mend}`);
}

/**
 * Opens a data set by name: lists and labels its samples; images are decoded later, one by one.
 *
 * @throws DatasetError naming what is missing and how the form is laid out
 * @example
 * const { categories } = await openDataSet("brainmri:downloads/brain");
 * const raster = await categories[0].test[0].load();
 */
export async function openDataSet(spec: string): Promise<DataSet> {
  const { form, argument, options } = parseDataSpec(spec);
  if (form.argument === "DIR") {
    const info = await stat(argument).catch(() => null);
    if (!info) throw new DatasetError("missing", `${argument}: no such folder; check the path`);
    if (!info.isDirectory()) {
      throw new DatasetError("not-a-folder", `${argument}: this is a file; give the folder it unpacks to`);
    }
  }
  return form.open(argument, options);
}
