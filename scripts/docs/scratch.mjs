// A copy of the workspace in which the recipes of CONTRIBUTING are carried out.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { gitFiles, packageNames, ROOT } from "../workspace.mjs";

/** Copies the packages with their sources, tests and links to each other. @returns the folder, inside the repository. */
export function scratchWorkspace() {
  // A fixed place, so that the TypeScript loader finds what it compiled there before.
  const folder = path.join(ROOT, ".cache", "scratch");
  rmSync(folder, { recursive: true, force: true });
  for (const file of gitFiles("packages", "tsconfig*.json", "package.json")) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    cpSync(path.join(ROOT, file), path.join(folder, file));
  }
  copyLinks("node_modules", folder);
  for (const name of packageNames) copyLinks(`packages/${name}/node_modules`, folder);
  return folder;
}

/** Copies a folder of links. Those between packages are relative and so lead into the copy; the store is shared. */
function copyLinks(modules, folder) {
  if (!existsSync(path.join(ROOT, modules))) return;
  mkdirSync(path.join(folder, modules), { recursive: true });
  for (const name of readdirSync(path.join(ROOT, modules))) {
    const [from, to] = [path.join(ROOT, modules, name), path.join(folder, modules, name)];
    if (name === ".pnpm") symlinkSync(from, to, "junction");
    else if (!name.startsWith(".")) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }
}

/**
 * Adds the lines of a diff to a file. Lines with a plus follow the last line without one, which must be in the file.
 *
 * @throws Error for a line that the file lacks.
 */
export function applyDiff(folder, file, diff) {
  const lines = readFileSync(path.join(folder, file), "utf8").split("\n");
  let at = 0;
  for (const line of diff.split("\n").filter(Boolean)) {
    if (line.startsWith("+")) {
      lines.splice(at, 0, line.slice(1));
      at++;
      continue;
    }
    const found = lines.indexOf(line.slice(1), at);
    if (found < 0) throw new Error(`${file} has no line "${line.slice(1)}"`);
    at = found + 1;
  }
  writeFileSync(path.join(folder, file), lines.join("\n"));
}
