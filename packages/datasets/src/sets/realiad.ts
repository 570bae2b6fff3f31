import { existsSync } from "node:fs";
import { join, parse } from "node:path";
import { DatasetError } from "../errors.js";
import { readFolder } from "../folder/list.js";
import { count } from "../text.js";
import { CLASS_FOLDERS } from "./class-folders.js";
import { folderFormat } from "./folder-format.js";
import { listed, listsIn } from "./json.js";
import { type ListFile, readListFile } from "./list-file.js";
import { idOf, named, some } from "./names.js";

const LISTS = [
  "realiad_jsons",
  "realiad_jsons_sv",
  ...["0.0", "0.1", "0.2", "0.4"].map((noise) => `realiad_jsons_fuiad_${noise}`),
];

/** Real-IAD: thirty objects from five sides (Wang et al. 2024), split by a list a class. */
export const realiad = folderFormat(
  {
    name: "realiad",
    title: "Real-IAD",
    layout: "realiad_1024/<class>/{OK,NG}/... and realiad_jsons/realiad_jsons/<class>.json",
    options: {
      size: "1024, 512, 256 or raw, where there are several",
      list: `${LISTS[0]} (default), or another folder of lists such as ${LISTS[1]}`,
    },
    choices: { size: ["", "1024", "512", "256", "raw"], list: LISTS },
    fits: ({ folders }) => folders.some((name) => /^realiad_jsons/i.test(name)),
    missing: "no folder realiad_jsons",
    async read(root, { size, list }) {
      const images = await imageFolder(root, size);
      const lists = await Promise.all((await listFiles(root, list)).map(readListFile));
      const roots = new Map(lists.map((file) => [file, rootOf(images, file)]));
      const there = lists.filter((file) => roots.get(file) !== undefined);
      const absent = lists
        .filter((file) => roots.get(file) === undefined)
        .map(({ path }) => parse(path).name);
      if (there.length === 0) {
        const message = `${images}: no image of the lists is there, such as ${lists[0].listings[0].image}; unpack the images`;
        throw new DatasetError("missing", message);
      }
      const { categories, notes = [] } = listed(there, (file) => roots.get(file)!);
      if (absent.length === 0) return { categories, notes };
      const classes = count(absent.length, "class", "classes");
      return {
        categories,
        notes: [...notes, `${images}: the images of ${classes} are not there: ${some(absent)}`],
      };
    },
  },
  CLASS_FOLDERS,
);

async function imageFolder(root: string, size: string): Promise<string> {
  const { folders } = await readFolder(root);
  const sizes = folders.filter((name) => /^realiad_(raw|\d+)$/i.test(name));
  const wanted = size === "" ? sizes : sizes.filter((name) => name.toLowerCase() === `realiad_${size}`);
  if (wanted.length === 1) return join(root, wanted[0]);
  if (wanted.length === 0 && size === "") return root;
  const problem =
    wanted.length === 0
      ? `no folder realiad_${size} (there are: ${some(sizes) || "none"})`
      : `images in several sizes (${some(wanted)}); choose one with ?size=`;
  throw new DatasetError("bad-argument", `${root}: ${problem}`);
}

/** The lists of a folder, which archives put one level deeper than others. */
async function listFiles(root: string, list: string): Promise<string[]> {
  const { folders } = await readFolder(root);
  const outer = named(folders, LISTS[0]);
  const places = [...(outer ? [join(root, outer, list)] : []), join(root, list)].filter((path) =>
    existsSync(path),
  );
  for (const place of places) {
    const files = await listsIn(place);
    if (files.length > 0) return files;
  }
  throw new DatasetError("missing", `${root}: no lists ${list}/*.json; download the lists of the set`);
}

/** The folder that the paths of a list start from; undefined where its images are not there. */
function rootOf(images: string, { path, prefix, listings }: ListFile): string | undefined {
  const folders = [prefix, parse(path).name, ""].map((folder) => join(images, folder));
  const inside = folders.filter((folder) => !idOf(images, folder).startsWith(".."));
  return inside.find((folder) => existsSync(join(folder, listings[0].image)));
}
