import { join } from "node:path";
import { decodeImage } from "../decode/decode.js";
import { type FolderEntries, listFolders, listImages, readFolder } from "../folder/list.js";
import { idOf, named } from "./names.js";
import type { Picture, Pictures } from "./protocol.js";

const TRAIN = ["train", "training"];
const TEST = ["test", "testing"];

/** Whether a folder has both parts of a set of class folders. */
export function hasParts({ folders }: FolderEntries): boolean {
  return [TRAIN, TEST].every((names) => names.some((name) => named(folders, name)));
}

/** The pictures of `train/<class>/` and `test/<class>/`, of the classes that `keep` accepts. */
export async function readClassFolders(root: string, keep: (name: string) => boolean): Promise<Pictures> {
  const { folders } = await readFolder(root);
  const read = async (names: readonly string[]): Promise<Picture[]> => {
    const part = join(root, named(folders, names.find((name) => named(folders, name))!)!);
    const pictures: Picture[] = [];
    for (const name of (await listFolders(part)).filter(keep)) {
      for (const path of await listImages(join(part, name), { recursive: true })) {
        const load = () => decodeImage(path);
        pictures.push({ id: idOf(root, path), class: name.toLowerCase(), source: { path }, load });
      }
    }
    return pictures;
  };
  return { train: await read(TRAIN), test: await read(TEST) };
}
