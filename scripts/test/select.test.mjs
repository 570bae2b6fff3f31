import { test } from "uvu";
import * as assert from "uvu/assert";
import { environmentOf, jobsOf, select } from "../testing/select.mjs";

test("every file is in one job, and kernels that are not optimised are in jobs of their own", () => {
  const files = select([]);
  const jobs = jobsOf(files, 2);
  assert.equal(jobs.flat().sort(), [...files].sort());
  const plain = jobs.filter((job) => "GALLIVM_PERF" in environmentOf(job)).flat();
  assert.ok(plain.includes("packages/tensor/test/ops/definitions.test.ts"));
  assert.ok(plain.some((file) => file.startsWith("packages/baselines/")));
  const optimised = files.filter((file) => !plain.includes(file));
  for (const part of [
    "tensor/test/kernels/",
    "clip/test/",
    "detect/test/",
    "inctrl/test/",
    "cli/test/commands/score",
  ])
    assert.ok(
      optimised.some((file) => file.includes(part)),
      part,
    );
  for (const file of plain) assert.match(file, /^packages\/(tensor|baselines|pretrain|cli)\/test\//);
});

test.run();
