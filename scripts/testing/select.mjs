// Which test files run, and how they are spread over processes.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { packageNames, ROOT } from "../workspace.mjs";

/** Parts of the paths of long tests, the longest first. They start first, so that no worker waits for one of them at the end. */
const LONG = [
  "cli/test/commands/demo",
  "cli/test/commands/brainmri",
  "scripts/test/docs-blocks",
  "scripts/test/contributing",
  "cli/test/commands/pretrain",
  "inctrl/test/training/",
  "tensor/test/browser",
  "tensor/test/package",
  "scripts/test/types",
  "cli/test/commands/",
  "scripts/test/docs",
];

/** Tests that may share a process: they start none, and leave the process as they found it. */
const TOGETHER = /^(packages\/\w+|bench|research)\/test\//;
/** Exceptions, which need a process of their own. */
const APART = [
  /\/test\/device\//,
  /\/(package|browser)\.test/,
  /inctrl\/test\/(training|parity)\//,
  /cli\/test\/(commands|datasets)\//,
  /bench\/test\/onnx\//,
];
/** Files that share a process: enough that loading modules takes little of its time. */
const GROUP = 10;

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
  const isLong = (file) => LONG.some((part) => file.includes(part));
  const isShort = (file) => TOGETHER.test(file) && !APART.some((form) => form.test(file)) && !isLong(file);
  const short = files.filter(isShort);
  const groups = Array.from({ length: Math.ceil(short.length / GROUP) }, (_, i) =>
    short.slice(i * GROUP, (i + 1) * GROUP),
  );
  const alone = files.filter((file) => !isShort(file));
  const long = LONG.flatMap((part) => alone.filter((file) => file.includes(part)));
  const singles = (some) => [...new Set(some)].map((file) => [file]);
  return [...singles(long), ...groups, ...singles(alone.filter((file) => !isLong(file)))];
}
