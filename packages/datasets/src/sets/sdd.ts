import { join, parse } from "node:path";
import { imageHeader } from "../decode/decode.js";
import { DatasetError } from "../errors.js";
import { byName, listImages, readFolder } from "../folder/list.js";
import { folderFormat } from "./folder-format.js";
import { type Box, type Sample, type Skipped, skippedFor } from "./model.js";
import { idOf } from "./names.js";
import { hasDefect, readMask } from "./pixels.js";
import { anomalous, Cutter, NORMAL, oneCategory } from "./samples.js";

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
  const normals: Sample[] = [];
  const anomalies: Sample[] = [];
  const skipped: Skipped[] = [];
  const cutter = new Cutter(root);
  for (const folder of byName((await readFolder(root)).folders).filter((name) => ITEM.test(name))) {
    const images = await listImages(join(root, folder));
    const labels = new Map(images.map((path) => [parse(path).name.toLowerCase(), path]));
    for (const path of images) {
      const { name } = parse(path);
      if (/_label$/i.test(name)) continue;
      const label = labels.get(`${name.toLowerCase()}_label`);
      try {
        if (!label) throw new DatasetError("missing", `${path}: its ${name}_label.bmp is missing; left out`);
        const { width, height, mask } = await readLabelled(path, label);
        for (let i = 0; i < PIECES; i++) {
          const y = Math.floor((i * height) / PIECES);
          const box: Box = { x: 0, y, width, height: Math.floor(((i + 1) * height) / PIECES) - y };
          const bad = hasDefect(mask, box);
          const truth = bad ? anomalous("defect") : NORMAL;
          (bad ? anomalies : normals).push(cutter.cut(path, box, String(i), truth, [label]));
        }
      } catch (error) {
        skipped.push(skippedFor(idOf(root, path), error));
      }
    }
  }
  return oneCategory({ name: "sdd", className: "electrical commutator", root, normals, anomalies, skipped });
}

async function readLabelled(path: string, label: string) {
  const { width, height } = await imageHeader(path);
  const mask = await readMask(label);
  if (mask.width !== width || mask.height !== height) {
    const message = `${label}: ${mask.width} x ${mask.height} pixels for an image of ${width} x ${height}; left out`;
    throw new DatasetError("corrupt", message);
  }
  return { width, height, mask };
}
