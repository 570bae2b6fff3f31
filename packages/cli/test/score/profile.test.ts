import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { profileLines } from "../../src/score/profile.js";
import { cli, temporaryFolder } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

const KERNELS = [
  { kernel: "gemm", calls: 20, ms: 30, flop: 6e8, bytes: 3e7 },
  { kernel: "add", calls: 10, ms: 10, flop: 0, bytes: 1e7 },
];
const COUNTERS = { dispatches: 30, submits: 4, allocations: 1, peakBytes: 5e6, timeline: [] };

test("the profile gives figures for one image, and rates in the kernel's own time", () => {
  const [summary, heading, gemm, add, ...more] = profileLines(
    { ...COUNTERS, timed: true, kernels: KERNELS },
    10,
  );
  assert.is(
    summary,
    "profile: an image takes 3 dispatches, 0.4 submits, 0.1 buffer allocations and 4 ms; at most 5.0 MB in buffers",
  );
  assert.match(heading, /kernel +calls +ms +share +GFLOP\/s +GB\/s/);
  assert.match(gemm, /^gemm +2 +3 +75\.0% +20\.0 +1\.0$/);
  assert.match(add, /^add +1 +1 +25\.0% +- +1\.0$/);
  assert.is(more.length, 0);
});

test("without timestamps the profile has counts", () => {
  const kernels = KERNELS.map((kernel) => ({ ...kernel, ms: null }));
  const [summary, heading, gemm] = profileLines({ ...COUNTERS, timed: false, kernels }, 10);
  assert.not.match(summary, " ms");
  assert.is(heading, "kernel  calls");
  assert.is(gemm, "gemm        2");
});

test("score --profile reports the run and writes a Chrome trace", async () => {
  const backbone = path.join(folder, "model.safetensors");
  await writeModel(backbone);
  writeImages(path.join(folder, "good"), 2);
  writeImages(path.join(folder, "parts"), 3, 6);
  const trace = path.join(folder, "trace.json");
  const { code, stderr, stdout } = await cli([
    "score",
    ...[
      "--backbone",
      backbone,
      "--prompts",
      path.join(folder, "good"),
      "--images",
      path.join(folder, "parts"),
    ],
    ...["--format", "csv", "--profile", trace],
  ]);
  assert.is(code, 0, stderr);
  assert.is(stdout.trim().split("\n").length, 4, "the results stay alone on standard output");
  assert.match(stderr, /profile: an image takes [\d.]+ dispatches, [\d.]+ submits/);
  assert.match(stderr, /^gemm \S+ \S+ +[\d.]+/m);
  if (!existsSync(trace)) {
    assert.match(stderr, "has no timestamps: there are counts only");
    return;
  }
  const { traceEvents } = JSON.parse(readFileSync(trace, "utf8"));
  assert.ok(
    traceEvents.some(
      ({ name, ph, dur }: { name: string; ph: string; dur: number }) =>
        ph === "X" && dur > 0 && /^attention/.test(name),
    ),
  );
});

test.run();
