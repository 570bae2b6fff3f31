// Which test files run, and how they are spread over processes.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { packageNames, ROOT } from "../workspace.mjs";

/** Parts of the paths of long tests, the longest first. They start first, so that no worker waits for one of them at the end. */
const LONG = [
  "cli/test/commands/demo",
  "cli/test/commands/pretrain",
  "web/test/page",
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
/**
 * Tests of many kernels that each run for a moment: llvmpipe takes longer to optimise them than they run, so that it does not. All other
 * tests run the kernels as they are used.
 */
const BRIEF =
  /^packages\/(tensor\/test\/(autograd|nn|ops)|baselines\/test\/(?!parity|regad|resnet)|pretrain\/test|cli\/test\/commands\/pretrain)\b/;
/** Groups are dealt from so many piles: files of one folder, which take about as long as each other, go to different groups. */
const PILES = 8;
/** The fewest files that share a process, so that modules and the adapter are loaded once for all of them. */
const LEAST = 6;

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

/** The work list: long files first, then those that need a process, then groups. Each entry is the files of one process. */
export function jobsOf(files, atOnce) {
  if (files.length <= atOnce) return files.map((file) => [file]);
  const long = LONG.flatMap((part) => files.filter((file) => file.includes(part)));
  const short = files.filter((file) => !long.includes(file));
  const [apart, together] = [true, false].map((is) => short.filter((file) => APART.test(file) === is));
  const [brief, others] = [true, false].map((is) =>
    groupsOf(
      together.filter((file) => BRIEF.test(file) === is),
      atOnce,
    ),
  );
  const groups = [...brief, ...others].sort((a, b) => b.length - a.length);
  const singles = (some) => some.map((file) => [file]);
  return [...singles(long), ...singles(apart), ...groups];
}

/** Files in groups that become smaller, so that no worker waits long for the last one. */
function groupsOf(files, atOnce) {
  const dealt = Array.from({ length: PILES }, (_, pile) => files.filter((_, i) => i % PILES === pile)).flat();
  const groups = [];
  while (dealt.length > 0)
    groups.push(dealt.splice(0, Math.max(LEAST, Math.ceil(dealt.length / (3 * atOnce)))));
  return groups;
}

/**
 * The environment of a job's process: nothing is measured at first use. Groups run side by side, so that each gets one thread of
 * llvmpipe. Mesa's cache tells optimised kernels from others.
 */
export const environmentOf = (job) => ({
  INCTRL_TUNING: "off",
  ...(job.length > 1 && { LP_NUM_THREADS: "1" }),
  ...(job.every((file) => BRIEF.test(file)) && { GALLIVM_PERF: "nopt" }),
});
