import { join } from "node:path";
import { DatasetError } from "../errors.js";
import { folderFormat } from "./folder-format.js";
import { type FindImage, indexImages } from "./image-index.js";
import { named } from "./names.js";
import { anomalous, fileSample, NORMAL, oneCategory } from "./samples.js";
import { type Line, linesOf, readText } from "./table.js";

/** Cells of photovoltaic modules in electroluminescence images (Deitsch et al. 2019). */
export const elpv = folderFormat({
  name: "elpv",
  title: "ELPV",
  layout: "images/*.png and labels.csv (path, probability, mono or poly)",
  fits: ({ files, folders }) => !!named(files, "labels.csv") && !!named(folders, "images"),
  missing: "no labels.csv beside a folder images",
  read,
});

async function read(root: string) {
  const list = join(root, "labels.csv");
  return elpvCategories(root, linesOf(list, await readText(list)), await indexImages(root));
}

/** The category of the lines of its list. @throws DatasetError `bad-layout` */
export function elpvCategories(root: string, lines: readonly Line[], find: FindImage) {
  const samples = lines.flatMap(({ where, text }) => {
    // Columns are separated by spaces, or by commas in a copy that a spreadsheet saved.
    const [path = "", cell = ""] = text.split(/\s*,\s*|\s+/);
    const probability = Number(cell);
    if (cell === "" || !(probability >= 0 && probability <= 1)) {
      const message = `${where}: "${cell.slice(0, 40)}" is no probability; give path, probability and type`;
      throw new DatasetError("bad-layout", message);
    }
    const file = find(path, where);
    // Cells that the experts were unsure of (1/3 and 2/3) are left out.
    if (!Number.isInteger(probability)) return [];
    return [fileSample(root, file, probability === 0 ? NORMAL : anomalous("defective"))];
  });
  return oneCategory({ name: "elpv", className: "solar cell", root, samples });
}
