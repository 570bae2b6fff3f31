import { join } from "node:path";
import { DatasetError } from "../errors.js";
import type { DatasetFormat } from "./format.js";
import { ImageIndex } from "./image-index.js";
import { locate, named } from "./locate.js";
import type { DataSet, Sample } from "./model.js";
import { anomalous, fileSample, NORMAL, quarterSplit } from "./samples.js";
import { readLines } from "./table.js";

/** Cells of photovoltaic modules in electroluminescence images (Deitsch et al. 2019). */
export const elpv: DatasetFormat = {
  name: "elpv",
  title: "ELPV",
  argument: "DIR",
  layout: "images/*.png and labels.csv (path, probability, mono or poly)",
  open,
};

async function open(dir: string): Promise<DataSet> {
  const root = await locate(
    elpv,
    dir,
    ({ files, folders }) => !!named(files, "labels.csv") && !!named(folders, "images"),
    "no labels.csv beside a folder images",
  );
  const index = await ImageIndex.of(root);
  const normals: Sample[] = [];
  const anomalies: Sample[] = [];
  for (const { where, text } of await readLines(join(root, "labels.csv"))) {
    // Columns stand apart by spaces; a copy saved by a spreadsheet has commas.
    const [path = "", chance = ""] = text.split(/\s*,\s*|\s+/);
    const probability = Number(chance);
    if (chance === "" || !(probability >= 0 && probability <= 1)) {
      const message = `${where}: "${chance.slice(0, 40)}" is no probability; give path, probability and type`;
      throw new DatasetError("bad-layout", message);
    }
    const file = index.find(path, where);
    // What the experts were not sure of (1/3 and 2/3) belongs to neither.
    if (probability === 0) normals.push(fileSample(root, file, NORMAL));
    else if (probability === 1) anomalies.push(fileSample(root, file, anomalous("defective")));
  }
  const split = quarterSplit(root, normals, anomalies);
  return { name: "elpv", categories: [{ name: "elpv", className: "solar cell", ...split }], skipped: [] };
}
