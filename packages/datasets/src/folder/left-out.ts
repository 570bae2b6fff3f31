import { grouped } from "../text.js";

/** A file or folder below a given folder that is not taken for an image. */
export interface LeftOut {
  readonly path: string;
  /** What it is: "hidden", "a text file, not an image". */
  readonly reason: string;
  /** Whether an image may be missed by it: it has an image's name, or cannot be read. */
  readonly image: boolean;
}

/** The reason of a folder beside images. */
export const NOT_ENTERED = "a folder beside images";

/** Names of a reason before "and 12 more". */
const NAMED = 4;

/**
 * Names what is left out, by reason.
 *
 * @example leftOutText(left); // "notes.txt, b.csv (a text file, not an image); .c.png (hidden)"
 */
export function leftOutText(left: readonly LeftOut[]): string {
  const texts = [...grouped(left, ({ reason }) => [reason])].map(([reason, all]) => {
    const paths = all.slice(0, NAMED).map(({ path }) => path);
    const more = all.length > NAMED ? ` and ${all.length - NAMED} more` : "";
    return `${paths.join(", ")}${more} (${reason})`;
  });
  return texts.join("; ");
}
