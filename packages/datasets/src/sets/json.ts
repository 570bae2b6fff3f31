import { stat } from "node:fs/promises";
import { dirname, join, parse } from "node:path";
import { DatasetError } from "../errors.js";
import { byName, readFolder } from "../folder/list.js";
import type { DatasetFormat, FormatOptions } from "./format.js";
import type { DataSet } from "./model.js";
import { anomalous, categoriesByClass, fileSample, type ListedSample, NORMAL } from "./samples.js";
import { insideOf, readText } from "./table.js";

/** The lists that come with the released code, `[{image_path, target, type}]`. */
export const jsonLists: DatasetFormat = {
  name: "json",
  title: "JSON lists",
  argument: "FILES",
  layout:
    "FILE,FILE or a folder of them, each [{image_path, target: 0 or 1, type: class}, ...]; val or test in a file's name makes its images test images",
  options: { root: "the folder that image_path starts from (default: the folder of the list)" },
  open,
};

const MAX_ENTRIES = 2_000_000;

async function open(argument: string, options: FormatOptions): Promise<DataSet> {
  const listed: ListedSample[] = [];
  for (const list of await expandLists(argument)) {
    const split = /(^|[-_.])(val|test)([-_.]|$)/i.test(parse(list).name) ? "test" : "train";
    const root = options.root || dirname(list);
    for (const [i, entry] of (await readList(list)).entries()) {
      const where = `${list} entry ${i}`;
      const { image_path, target, type } = checkEntry(entry, where);
      const path = insideOf(root, image_path, where, "name the folder of the images with ?root=DIR");
      const sample = fileSample(root, path, target === 0 ? NORMAL : anomalous("anomaly"));
      listed.push({ name: type, split, sample });
    }
  }
  return { name: "json", categories: categoriesByClass(listed), skipped: [] };
}

async function expandLists(argument: string): Promise<string[]> {
  const lists: string[] = [];
  for (const path of argument.split(",").filter(Boolean)) {
    if (!(await stat(path).catch(() => null))?.isDirectory()) {
      lists.push(path);
      continue;
    }
    const names = (await readFolder(path)).files.filter((name) => /\.json$/i.test(name));
    if (names.length === 0) throw new DatasetError("empty", `${path}: no .json file in it; name the lists`);
    for (const name of byName(names)) lists.push(join(path, name));
  }
  return lists;
}

async function readList(path: string): Promise<readonly unknown[]> {
  let parsed: unknown;
  const text = await readText(path);
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    const problem = (error as Error).message.slice(0, 120);
    throw new DatasetError("corrupt", `${path}: this is no JSON (${problem}); download it again`);
  }
  if (!Array.isArray(parsed) || parsed.length === 0 || parsed.length > MAX_ENTRIES) {
    const message = `${path}: no list of images; give ${jsonLists.layout}`;
    throw new DatasetError("bad-layout", message);
  }
  return parsed;
}

function checkEntry(entry: unknown, where: string): { image_path: string; target: 0 | 1; type: string } {
  const { image_path, target, type } = (entry ?? {}) as Record<string, unknown>;
  const text = (value: unknown): value is string =>
    typeof value === "string" && value.length > 0 && value.length < 4096;
  if (text(image_path) && text(type) && (target === 0 || target === 1)) return { image_path, target, type };
  const wrong = !text(image_path) ? "image_path" : !text(type) ? "type" : "target";
  const message = `${where}: no usable ${wrong}; give image_path, target (0 or 1) and type (the class)`;
  throw new DatasetError("bad-layout", message);
}
