// Which test files run, and how they are spread over processes.
import { existsSync, readdirSync, statSync } from "node:fs";
import path from "node:path";
import { packageNames, ROOT } from "../workspace.mjs";
import { Queue } from "./queue.mjs";

/** Parts of the paths of long tests, the longest first. They start first, so that no process waits for one of them at the end. */
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
  "baselines/test/parity/cnn",
  "baselines/test/parity/parity",
  "cli/test/commands/nano",
  "cli/test/commands/cluster-benchmark",
  "cli/test/contract",
  "tensor/test/package",
  "scripts/test/types",
];
/** Short tests that need a process of their own, since they look at processes or load another engine. */
const APART = /^(scripts|bench\/test\/onnx)\//;
/**
 * Tests of networks at their size, which run kernels as they are used. In all others many kernels run for a moment each: llvmpipe would take
 * longer to optimise them than they run, so that it does not.
 */
const OPTIMISED =
  /^(bench\/test\/onnx|packages\/(baselines\/test\/(parity|regad|resnet)|cli\/test\/commands\/(brainmri|demo|nano|score|train)\.|clip\/test\/model|inctrl\/test\/parity|tensor\/test\/(browser|package)|web\/test))\b/;

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

/** The work list: tests that need a process of their own, then queues that all workers share. Long files come first in each. */
export function queuesOf(files, atOnce) {
  if (files.length <= atOnce) return files.map((file) => queueOf([file]));
  const long = LONG.flatMap((part) => files.filter((file) => file.includes(part)));
  const ordered = [...long, ...files.filter((file) => !long.includes(file))];
  const apart = ordered.filter((file) => APART.test(file));
  const together = ordered.filter((file) => !APART.test(file));
  const shared = [true, false].map((is) => together.filter((file) => OPTIMISED.test(file) === is));
  return [
    ...apart.map((file) => queueOf([file])),
    ...shared.filter(({ length }) => length > 0).map((some) => queueOf(some, long)),
  ];
}

/**
 * Files whose processes have one environment: nothing is measured at first use. Shared queues run side by side, so that each process gets one
 * thread of llvmpipe. Mesa's cache tells optimised kernels from others.
 */
const queueOf = (files, long = []) =>
  new Queue(files, {
    first: files.filter((file) => long.includes(file)).length,
    env: {
      INCTRL_TUNING: "off",
      ...(files.length > 1 && { LP_NUM_THREADS: "1" }),
      ...(!files.some((file) => OPTIMISED.test(file)) && { GALLIVM_PERF: "nopt" }),
    },
  });
