import { join } from "node:path";
import { listImages, readFolder } from "../folder/list.js";
import { folderFormat } from "./folder-format.js";
import { named } from "./names.js";
import { anomalous, fileSample, NORMAL, oneCategory, type Truth } from "./samples.js";

/** Magnetic resonance images of brains, with and without a tumour (Kaggle, Chakrabarty 2019). */
export const brainmri = folderFormat({
  name: "brainmri",
  title: "BrainMRI",
  layout: "no/*.jpg and yes/*.jpg",
  fits: ({ folders }) => !!named(folders, "no") && !!named(folders, "yes"),
  missing: "no folder no beside a folder yes",
  async read(root) {
    const { folders } = await readFolder(root);
    const samples = async (name: string, truth: Truth) =>
      (await listImages(join(root, named(folders, name)!))).map((path) => fileSample(root, path, truth));
    const all = [...(await samples("no", NORMAL)), ...(await samples("yes", anomalous("tumour")))];
    return oneCategory({ name: "brainmri", className: "brain", root, samples: all });
  },
});
