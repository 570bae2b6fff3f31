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
  const byReason = new Map<string, string[]>();
  for (const { path, reason } of left) byReason.set(reason, [...(byReason.get(reason) ?? []), path]);
  const texts = [...byReason].map(([reason, paths]) => {
    const more = paths.length > NAMED ? ` and ${paths.length - NAMED} more` : "";
    return `${paths.slice(0, NAMED).join(", ")}${more} (${reason})`;
  });
  return texts.join("; ");
}
