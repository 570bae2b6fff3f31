import { listImages } from "../folder/list.js";
import { idOf } from "./names.js";
import { insideOf } from "./table.js";

/** Finds the image that a path of a list means; `where` is the place in the list, for errors. */
export type FindImage = (named: string, where: string) => string;

/**
 * Indexes the images below a folder. The function returned gives the image that a path of a list means, in any case; a missing image
 * keeps its place in the list, and loading it reports it.
 *
 * @throws DatasetError `bad-layout`, from that function, for a path that leads out of the folder
 */
export async function indexImages(root: string): Promise<FindImage> {
  const key = (path: string) => idOf(root, path).toLowerCase();
  const paths = await listImages(root, { recursive: true });
  const byKey = new Map(paths.map((path) => [key(path), path]));
  return (named, where) => {
    const path = insideOf(root, named, where);
    return byKey.get(key(path)) ?? path;
  };
}
