// The repository and its packages. Uses Node alone, since set-up runs before anything is installed.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The text of a file, and a value of JSON; the path is relative to the root. */
export const read = (file) => readFileSync(path.join(ROOT, file), "utf8");
export const readJson = (file) => JSON.parse(read(file));

/** Files of some patterns that git knows or would add, and that are there. */
export function gitFiles(...patterns) {
  const list = ["ls-files", "--cached", "--others", "--exclude-standard", ...patterns];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).trim().split("\n");
  return files.filter((file) => existsSync(path.join(ROOT, file)));
}

/** The packages by folder name, e.g. ["clip", "tensor"]. */
export const packageNames = readdirSync(path.join(ROOT, "packages")).filter((name) =>
  existsSync(path.join(ROOT, "packages", name, "package.json")),
);

/** Packages that are built and published; the others hold what tests share, and run from their sources. */
export const publishedNames = packageNames.filter(
  (name) => !readJson(`packages/${name}/package.json`).private,
);

/** Flags of Node that run the TypeScript sources. */
export const TYPESCRIPT = [
  "--conditions=@inctrl/source",
  "--import",
  new URL("typescript/register.mjs", import.meta.url).href,
];
