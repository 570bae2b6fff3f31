import { byName } from "../folder/list.js";
import { grouped } from "../text.js";

/** A file of a split, told from the others by its place. */
export interface KeyedFile {
  readonly path: string;
  /** The folder of its kind, as it is written; "" where there is none. */
  readonly kind: string;
  /** Kind, further folders and name without ending, in small letters, between slashes. */
  readonly key: string;
}

const WORD =
  "mask|masks|gt|ground[ _-]?truth|label|labels|seg|segmentation|annotation|anomaly|defect|pixel|binary";
const ENDING = new RegExp(`([ ._-]+(${WORD}))+([ ._-]?\\d+)?$`);
const BEGINNING = new RegExp(`(^|/)(${WORD})[ ._-]+(?=[^/]+$)`);

/** The key of the image that a mask's key may mean: without `_mask`, `_GT`, `_label`, `_mask1`, or `mask_` before it. */
export const withoutMaskWords = (key: string): string => key.replace(ENDING, "").replace(BEGINNING, "$1");

/** Masks by the path of their image. */
export interface MatchedMasks {
  readonly of: ReadonlyMap<string, readonly string[]>;
  /** Masks that fit no image, or several. */
  readonly lost: readonly KeyedFile[];
}

/**
 * Finds the image of each mask: `crack/000_mask` and `crack/000` belong to `crack/000`, and so do the files of a folder
 * `crack/000/`. Where folders differ, a name that only one image of the kind has is enough; masks without a folder of a kind are
 * searched in all kinds. Several masks of an image are united.
 *
 * @param preferred Tells the image that is meant where a mask fits several.
 */
export function matchMasks(
  images: readonly KeyedFile[],
  masks: readonly KeyedFile[],
  preferred: (image: KeyedFile) => boolean = () => true,
): MatchedMasks {
  const byKey = grouped(images, ({ key }) => [key]);
  const byBase = grouped(images, ({ key, kind }) => [base(key), `${kind.toLowerCase()}/${base(key)}`]);
  const kinds = new Set(images.map(({ kind }) => kind.toLowerCase()));
  const find = ({ key, kind }: KeyedFile): KeyedFile[] | undefined => {
    const folder = key.slice(0, Math.max(0, key.lastIndexOf("/")));
    const own = kind.toLowerCase();
    const within = kinds.has(own) && own !== "" ? `${own}/` : "";
    return (
      byKey.get(key) ??
      byKey.get(withoutMaskWords(key)) ??
      byKey.get(folder) ??
      byKey.get(withoutMaskWords(folder)) ??
      byBase.get(within + base(key)) ??
      byBase.get(within + base(withoutMaskWords(key)))
    );
  };
  const of = new Map<string, string[]>();
  const lost: KeyedFile[] = [];
  for (const mask of byName(masks, ({ path }) => path)) {
    const all = find(mask) ?? [];
    const found = all.length > 1 ? all.filter(preferred) : all;
    if (found.length === 1) of.set(found[0].path, [...(of.get(found[0].path) ?? []), mask.path]);
    else lost.push(mask);
  }
  return { of, lost };
}

const base = (key: string): string => key.slice(key.lastIndexOf("/") + 1);
