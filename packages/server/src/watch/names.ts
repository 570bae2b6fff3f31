import { lstat } from "node:fs/promises";
import { extname, join } from "node:path";
import { onDisk } from "@inctrl/tensor/files";

/** Names that programs give to files that they still write, and files that systems put beside others. */
const NOT_YET = /^\.|~$|\.(part|partial|tmp|temp|crdownload|filepart|swp|lock)$/i;
const SYSTEM =
  /^((eh)?thumbs\.db|desktop\.ini|@eaDir|lost\+found|System Volume Information|\$RECYCLE\.BIN)$/i;

/** Whether a name is of a picture that is there, and not of one that is being written: `.x`, `x~`, `x.part`, `x.tmp` wait for their name. */
export const isArrived = (name: string): boolean => !NOT_YET.test(name) && !SYSTEM.test(name);

/** Bytes of the longest name that file systems take. */
const MAX_BYTES = 255;

/**
 * A name in a folder that is free: the given one, else one with the start of the file's sum, else one with a number besides.
 *
 * @param taken names that are given out already.
 * @example await freeName("out/ok", "part.png", sha256, new Set()); // "part.png", or "part-1a2b3c4d.png"
 */
export async function freeName(
  folder: string,
  name: string,
  sum: string,
  taken: ReadonlySet<string>,
): Promise<string> {
  const ending = extname(name);
  const stem = name.slice(0, name.length - ending.length);
  for (let number = 0; ; number++) {
    const mark = number === 0 ? "" : `-${sum.slice(0, 8)}${number === 1 ? "" : `-${number}`}`;
    const tried = shortened(stem, `${mark}${ending}`);
    if (!taken.has(tried) && !(await exists(join(folder, tried)))) return tried;
  }
}

function shortened(stem: string, end: string): string {
  let kept = [...stem];
  while (Buffer.byteLength(kept.join("") + end) > MAX_BYTES && kept.length > 1) kept = kept.slice(0, -1);
  return kept.join("") + end;
}

/** Whether anything has this path, a link that leads nowhere too. */
export const exists = (path: string): Promise<boolean> =>
  lstat(onDisk(path)).then(
    () => true,
    () => false,
  );
