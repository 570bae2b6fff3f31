import { DatasetError } from "../errors.js";
import { CLASS_FOLDERS } from "./class-folders.js";
import { type FolderSet, openLayout } from "./folder-format.js";
import type { DatasetFormat } from "./format.js";

/**
 * A user's own images in the form of MVTec AD, or a published set without its name.
 *
 * @param sets The layouts to try at each folder, in this order.
 */
export function anyFolder(sets: readonly FolderSet[]): DatasetFormat {
  const layouts = sets.map(({ published }) => published);
  const others = layouts.filter(({ read }) => read !== CLASS_FOLDERS.read);
  const title = "a folder in MVTec AD's form";
  return {
    ...{ name: "folder", title, argument: "DIR", followsOrientation: true },
    layout: `${CLASS_FOLDERS.layout}; or that of ${others.map(({ name }) => name).join(", ")}`,
    options: Object.assign({}, ...layouts.map(({ options }) => options)),
    async open(dir, options) {
      const { found, path, listed, first } = await openLayout(dir, layouts, options);
      if (!found) {
        const tried = layouts.map(({ title, missing }) => `${title} (${missing})`).join(", ");
        const message = `${dir}: no known layout${first}; tried ${tried}; ${title} is laid out as ${CLASS_FOLDERS.layout}`;
        throw new DatasetError("bad-layout", message);
      }
      const said = others.includes(found) ? [`${path}: read as ${found.title}, ${found.name}:${path}`] : [];
      return { name: "folder", skipped: [], ...listed, notes: [...said, ...(listed.notes ?? [])] };
    },
  };
}
