import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DataSet } from "@inctrl/datasets";
import { fewShotSamples } from "@inctrl/detect";
import { CliError } from "../errors.js";

/** The data set with the images of the lists `<category>.pt` of a folder in place of its training images. */
export async function withFewShot(dataSet: DataSet, folder: string): Promise<DataSet> {
  const categories = [];
  for (const category of dataSet.categories) {
    const path = join(folder, `${category.name}.pt`);
    if (!(await stat(path).catch(() => null))) {
      throw new CliError(
        "input",
        `${path}: no such file; --few-shot needs one a category, or choose some with --category`,
      );
    }
    categories.push({ ...category, train: await fewShotSamples(path) });
  }
  return { ...dataSet, categories };
}
