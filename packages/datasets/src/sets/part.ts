import { extname, join } from "node:path";
import { type LeftOut, leftOutText } from "../folder/left-out.js";
import { readListing } from "../folder/list.js";
import { type KeyedFile, withoutMaskWords } from "./masks.js";
import { idOf } from "./names.js";

/** Folders that hold the images of a kind, where masks or other channels lie beside them. */
const IMAGES = /^(imgs?|images?|rgb)$/i;
/** Folders of masks, wherever they lie. */
const MASKS = /^(ground[ _-]?truths?|gts?|anomaly[ _-]?masks?)$/i;
/** Folders of masks where they lie beside images; elsewhere a kind of defect may have such a name. */
const MASKS_BESIDE = /^(masks?|labels?|annotations?|seg(mentations?)?)$/i;

/** Whether a folder beside those of the splits holds masks. */
export const isMaskFolder = (name: string): boolean => MASKS.test(name) || MASKS_BESIDE.test(name);

/** The files of a split. */
export interface Part {
  readonly images: readonly KeyedFile[];
  readonly masks: readonly KeyedFile[];
  /** What is neither, and folders of other channels beside a folder of images, such as `crack/xyz` beside `crack/rgb`. */
  readonly left: readonly LeftOut[];
}

/**
 * Tells the images below a folder from their masks. Masks lie in a folder such as `label`, beside the images or beside their
 * folder `img`, or are named as an image of the same folder and `_mask`, `_GT` or `_label`.
 */
export async function readPart(folder: string): Promise<Part> {
  const listing = await readListing(folder, { recursive: true });
  const files = listing.images.map((path) => placed(folder, path));
  const stems = new Set(files.map(({ folders, stem }) => [...folders, stem].join("/").toLowerCase()));
  /** Folders with files in them, and folders with a folder of images in them. */
  const [full, paired] = [new Set<string>(), new Set<string>()];
  for (const { folders } of files) {
    full.add(folders.join("/"));
    for (const [i, name] of folders.entries())
      if (IMAGES.test(name)) paired.add(folders.slice(0, i).join("/"));
  }
  const roleOf = (name: string, parent: string) => {
    if (MASKS.test(name)) return "masks";
    if (MASKS_BESIDE.test(name) && (paired.has(parent) || full.has(parent))) return "masks";
    if (IMAGES.test(name)) return "images";
    return paired.has(parent) ? "other" : "kind";
  };
  const images: KeyedFile[] = [];
  const masks: KeyedFile[] = [];
  const left = new Set<string>();
  for (const { path, folders, stem } of files) {
    const roles = folders.map((name, i) => roleOf(name, folders.slice(0, i).join("/")));
    const image = withoutMaskWords(stem.toLowerCase());
    const beside = image !== stem.toLowerCase() && stems.has([...folders, image].join("/").toLowerCase());
    const other = roles.indexOf("other");
    const kinds = folders.filter((_, i) => roles[i] === "kind");
    const file = keyed(path, kinds, stem);
    if (roles.includes("masks") || beside) masks.push(file);
    else if (other >= 0) left.add(join(folder, ...folders.slice(0, other + 1)));
    else images.push(file);
  }
  const reason = "a folder beside one of images";
  const channels = [...left].map((path) => ({ path, reason, image: false }));
  return { images, masks, left: [...listing.left, ...channels] };
}

/** Names what is left out of a folder; undefined where nothing is. */
export function leftText(folder: string, left: readonly LeftOut[]): string | undefined {
  const named = left.map((each) => ({ ...each, path: idOf(folder, each.path) }));
  return left.length > 0 ? `${left.length} left out: ${leftOutText(named)}` : undefined;
}

/** The masks below a folder of masks. Where that has a folder for each split, those of the split `wanted`. */
export async function readMasks(folder: string, wanted: RegExp): Promise<Pick<Part, "masks" | "left">> {
  const { images, left } = await readListing(folder, { recursive: true });
  const masks = images.flatMap((path) => {
    const { folders, stem } = placed(folder, path);
    const split = Object.values(PARTS).find((names) => names.test(folders[0] ?? ""));
    if (split && split !== wanted) return [];
    const kinds = folders.slice(split ? 1 : 0).filter((name) => !IMAGES.test(name));
    return [keyed(path, kinds, stem)];
  });
  return { masks, left };
}

/** Folders of the splits. */
export const PARTS = {
  train: /^train(ing)?$/i,
  test: /^test(ing|_public)?$/i,
  valid: /^val(id(ation)?)?$/i,
} as const;

function placed(root: string, path: string): { path: string; folders: string[]; stem: string } {
  const id = idOf(root, path);
  const folders = id.slice(0, id.length - extname(id).length).split("/");
  return { path, stem: folders.pop()!, folders };
}

function keyed(path: string, folders: readonly string[], stem: string): KeyedFile {
  return { path, kind: folders[0] ?? "", key: [...folders, stem].join("/").toLowerCase() };
}
