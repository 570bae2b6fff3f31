// Which test files run, and how they are spread over processes.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { packageNames, ROOT } from "../workspace.mjs";

/** Parts of the paths of long tests, the longest first. They start first, so that no worker waits for one of them at the end. */
const LONG = [
  "cli/test/commands/demo",
  "cli/test/commands/pretrain",
  "scripts/test/fuzz-files",
  "scripts/test/kill",
  "tensor/test/browser",
  "inctrl/test/training/checkpoint",
  "inctrl/test/training/run.",
  "scripts/test/docs-blocks",
  "scripts/test/contributing",
  "cli/test/commands/brainmri",
  "tensor/test/package",
  "scripts/test/types",
];
/** Short tests that need a process of their own, since they look at processes or load another engine. */
const APART = /^(scripts|bench\/test\/onnx)\//;
/** Files that share a process, so that modules and the adapter are loaded once for all of them. */
const GROUP = 32;

const posix = (file) => file.split(path.sep).join("/");

/** Files of a form in the folders of this name, under each package, `bench`, `research` and `scripts`. Relative to the root. */
export function find(name, form) {
  return [...packageNames.map((each) => `packages/${each}`), "bench", "research", "scripts"].flatMap(
    (parent) => {
      const folder = path.join(ROOT, parent, name);
      if (!existsSync(folder)) return [];
      const found = readdirSync(folder, { recursive: true }).filter((file) => form.test(file));
      return found.sort().map((file) => posix(path.join(parent, name, file)));
    },
  );
}

/** The test files that the arguments name: paths, or parts of paths. All without arguments. */
export function select(filters) {
  const all = find("test", /\.test\.(ts|mjs)$/);
  if (filters.length === 0) return all;
  const chosen = filters.flatMap((filter) => {
    const file = path.resolve(filter);
    if (existsSync(file) && statSync(file).isFile()) return [posix(path.relative(ROOT, file))];
    const wanted = posix(filter).replace(/^\.\//, "");
    return all.filter((name) => name.includes(wanted));
  });
  return [...new Set(chosen)];
}

/** The work list: long files first, then groups of short ones, then the rest. Each entry is the files of one process. */
export function jobsOf(files, atOnce) {
  if (files.length <= atOnce) return files.map((file) => [file]);
  const long = LONG.flatMap((part) => files.filter((file) => file.includes(part)));
  const short = files.filter((file) => !long.includes(file));
  const together = short.filter((file) => !APART.test(file));
  // Files of one folder take about as long as each other, so they go to different groups.
  const groups = Array.from({ length: Math.ceil(together.length / GROUP) }, () => []);
  for (const [i, file] of together.entries()) groups[i % groups.length].push(file);
  const singles = (some) => some.map((file) => [file]);
  return [...singles(long), ...groups, ...singles(short.filter((file) => APART.test(file)))];
}
