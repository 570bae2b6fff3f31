import { join } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, readFolder } from "../folder/list.js";
import { CLASS_FOLDERS } from "./class-folders.js";
import { folderFormat } from "./folder-format.js";
import { type FindImage, indexImages } from "./image-index.js";
import { named } from "./names.js";
import { anomalous, categoriesByClass, fileSample, type ListedSample, NORMAL } from "./samples.js";
import { readText, rowsOf } from "./table.js";

/** VisA: twelve classes of objects (Zou et al. 2022), split by its own list for one class. */
export const visa = folderFormat(
  {
    name: "visa",
    title: "VisA",
    layout:
      "<class>/Data/Images/{Normal,Anomaly}/*.JPG and split_csv/1cls.csv (object, split, label, image, mask)",
    options: { list: "1cls (default), 2cls_fewshot or 2cls_highshot, the lists of split_csv" },
    choices: { list: ["1cls", "2cls_fewshot", "2cls_highshot"] },
    fits: ({ folders }) => !!named(folders, "split_csv"),
    missing: "no folder split_csv, which VisA's download has: its split is a list that no rule gives",
    read,
  },
  CLASS_FOLDERS,
);

async function read(root: string, options: { readonly list: string }) {
  const { folders } = await readFolder(root);
  const list = join(root, named(folders, "split_csv")!, `${options.list}.csv`);
  return visaCategories(root, list, await readText(list), await indexImages(root));
}

/** The categories of a list. @throws DatasetError as `rowsOf`, and `bad-layout` for words that it does not know */
export function visaCategories(root: string, list: string, text: string, find: FindImage) {
  const rows = rowsOf(list, text, ["object", "split", "label", "image", "mask"]);
  if (rows.length === 0)
    throw new DatasetError("empty", `${list}: no line names an image; download it again`);
  const listed = rows.map(({ where, cells: { object, split, label, image, mask } }): ListedSample => {
    if (!object || (split !== "train" && split !== "test") || (label !== "normal" && label !== "anomaly")) {
      const found = `${object},${split},${label}`.slice(0, 80);
      const message = `${where}: "${found}"; give a class, train or test, and normal or anomaly`;
      throw new DatasetError("bad-layout", message);
    }
    const masks = mask && label === "anomaly" ? [find(mask, where)] : [];
    const truth = label === "normal" ? NORMAL : anomalous("anomaly");
    return { name: object, split, sample: fileSample(root, find(image, where), truth, masks) };
  });
  return { categories: categoriesByClass(byName(listed, ({ sample }) => sample.id)) };
}
