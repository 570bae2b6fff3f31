import { test } from "uvu";
import * as assert from "uvu/assert";
import { queuesOf, select } from "../testing/select.mjs";

test("every file is in one queue, and kernels that are not optimised are in a queue of their own", () => {
  const files = select([]);
  const queues = queuesOf(files, 2);
  assert.equal(queues.flatMap((queue) => queue.files).sort(), [...files].sort());
  const plain = queues.filter(({ env }) => "GALLIVM_PERF" in env).flatMap((queue) => queue.files);
  assert.ok(plain.includes("packages/tensor/test/ops/definitions.test.ts"));
  assert.ok(plain.some((file) => file.startsWith("packages/baselines/")));
  const optimised = files.filter((file) => !plain.includes(file));
  for (const part of [
    "clip/test/model",
    "inctrl/test/parity",
    "baselines/test/parity",
    "cli/test/commands/score",
    "web/test/page",
  ])
    assert.ok(
      optimised.some((file) => file.includes(part)),
      part,
    );
  for (const file of plain)
    assert.not.match(file, /^bench.*onnx|inctrl\/test\/parity|resnet|commands\/brainmri|commands\/demo/);
});

test.run();
