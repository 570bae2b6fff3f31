import { extname, join, parse } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, listImages, readFolder } from "../folder/list.js";
import { folderFormat } from "./folder-format.js";
import { hasDefect, readMask } from "./pixels.js";
import { anomalous, cutSamples, NORMAL, oneCategory } from "./samples.js";

/** Surfaces of electrical commutators: KolektorSDD (Tabernik et al. 2020). */
export const sdd = folderFormat({
  name: "sdd",
  title: "KolektorSDD",
  layout: "kosNN/PartM.jpg beside kosNN/PartM_label.bmp",
  fits: ({ folders }) => folders.some((name) => ITEM.test(name)),
  missing: "no folder such as kos01",
  read,
});

const ITEM = /^kos\d+$/i;
const PIECES = 3;

/** Cuts each image in three along its height. A piece in which the label marks a pixel is anomalous. */
async function read(root: string) {
  const folders = byName((await readFolder(root)).folders).filter((name) => ITEM.test(name));
  const files = (await Promise.all(folders.map((name) => listImages(join(root, name))))).flat();
  const byPath = new Map(files.map((path) => [withoutExtension(path).toLowerCase(), path]));
  const images = files.filter((path) => !/_label$/i.test(withoutExtension(path)));
  const labelsOf = (path: string) => {
    const label = byPath.get(`${withoutExtension(path).toLowerCase()}_label`);
    return label === undefined ? [] : [label];
  };
  const cut = await cutSamples(root, images, labelsOf, async (path) => {
    const labels = labelsOf(path);
    if (labels.length === 0) {
      throw new DatasetError("missing", `${path}: its ${parse(path).name}_label.bmp is missing; left out`);
    }
    const mask = await readMask(path, labels);
    return Array.from({ length: PIECES }, (_, i) => {
      const y = Math.floor((i * mask.height) / PIECES);
      const height = Math.floor(((i + 1) * mask.height) / PIECES) - y;
      const box = { x: 0, y, width: mask.width, height };
      return { part: String(i), box, truth: hasDefect(mask, box) ? anomalous("defect") : NORMAL };
    });
  });
  return oneCategory({ name: "sdd", className: "electrical commutator", root, ...cut });
}

const withoutExtension = (path: string): string => path.slice(0, path.length - extname(path).length);
