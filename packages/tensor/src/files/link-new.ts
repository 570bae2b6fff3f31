import { onDisk } from "./disk-path.js";
import { nodeFiles } from "./node-files.js";

/** What file systems without hard links say. */
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);

/**
 * Gives a file a second name, which appears with all of its bytes and never replaces a file. Node only.
 *
 * @returns false where there is a file of that name, null where the file system has no links.
 * @throws what the system says otherwise.
 * @example
 * if (await linkNew(temporary, "out/run.json")) console.log("this run made it");
 */
export async function linkNew(from: string, to: string): Promise<boolean | null> {
  const { link } = await nodeFiles(to);
  try {
    await link(onDisk(from), onDisk(to));
    return true;
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    if (NO_LINKS.has(code)) return null;
    throw error;
  }
}
