import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A path under the folder `shared` beside the repository, or undefined (and one line said) when absent. */
export function shared(path: string): string | undefined {
  const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
  const found = join(root, "../shared", path);
  if (existsSync(found)) return found;
  console.log(`skipped: ../shared/${path} absent`);
  return undefined;
}
