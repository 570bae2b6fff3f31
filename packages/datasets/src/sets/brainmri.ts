import { join } from "node:path";
import { listImages, readFolder } from "../folder/list.js";
import type { DatasetFormat } from "./format.js";
import { locate, named } from "./locate.js";
import type { DataSet } from "./model.js";
import { anomalous, fileSample, NORMAL, quarterSplit } from "./samples.js";

/** Magnetic resonance images of brains, with and without a tumour (Kaggle, Chakrabarty 2019). */
export const brainmri: DatasetFormat = {
  name: "brainmri",
  title: "BrainMRI",
  argument: "DIR",
  layout: "no/*.jpg and yes/*.jpg",
  open,
};

async function open(dir: string): Promise<DataSet> {
  const root = await locate(
    brainmri,
    dir,
    ({ folders }) => !!named(folders, "no") && !!named(folders, "yes"),
    "no folder no beside a folder yes",
  );
  const { folders } = await readFolder(root);
  const images = async (name: string) => listImages(join(root, named(folders, name)!));
  const normals = (await images("no")).map((path) => fileSample(root, path, NORMAL));
  const anomalies = (await images("yes")).map((path) => fileSample(root, path, anomalous("tumour")));
  const split = quarterSplit(root, normals, anomalies);
  return { name: "brainmri", categories: [{ name: "brainmri", className: "brain", ...split }], skipped: [] };
}
