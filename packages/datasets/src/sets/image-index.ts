import { listImages } from "../folder/list.js";
import { idOf } from "./names.js";
import { insideOf } from "./table.js";

/** Finds the images below a folder by the paths of a list, in any case. */
export class ImageIndex {
  readonly #root: string;
  readonly #paths: ReadonlyMap<string, string>;

  private constructor(root: string, paths: ReadonlyMap<string, string>) {
    this.#root = root;
    this.#paths = paths;
  }

  static async of(root: string): Promise<ImageIndex> {
    const paths = await listImages(root, { recursive: true });
    return new ImageIndex(root, new Map(paths.map((path) => [idOf(root, path).toLowerCase(), path])));
  }

  /**
   * The image's path. A missing image keeps its place in the list; loading it reports it.
   *
   * @throws DatasetError `bad-layout` for a path that leads out of the folder
   */
  find(named: string, where: string): string {
    const path = insideOf(this.#root, named, where);
    return this.#paths.get(idOf(this.#root, path).toLowerCase()) ?? path;
  }
}
