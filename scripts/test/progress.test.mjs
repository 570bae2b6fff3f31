import { test } from "uvu";
import * as assert from "uvu/assert";
import { Progress } from "../testing/progress.mjs";

const VERDICT = { passed: 2, failed: 0, skipped: 0, notes: [], output: "", ms: 1500 };

/** A run of `total` files with a clock of its own, and all that it prints. */
function started(total) {
  const run = { time: 0, text: "" };
  const out = { write: (text) => (run.text += text) };
  run.progress = new Progress(total, { out, now: () => run.time });
  return run;
}

test("a long run prints files that ran, counts and what it waits for, every 15 s", () => {
  const run = started(100);
  run.progress.begin(0, "a.test.ts");
  run.progress.begin(1, "b.test.ts");
  run.progress.end(1);
  run.progress.judged("b.test.ts", VERDICT);
  run.time = 2_000;
  run.progress.begin(1, "c.test.ts");
  run.progress.begin(2, "d.test.ts");
  run.time = 4_000;
  run.progress.begin(2, "e.test.ts");
  run.time = 14_000;
  run.progress.tick();
  assert.is(run.text, "");
  run.time = 15_000;
  run.progress.tick();
  run.progress.tick();
  assert.is(
    run.text,
    "2 of 100 files, 2 passed, 0 failed; running: a.test.ts (15 s), c.test.ts (13 s), e.test.ts (11 s)\n",
  );
});

test("a failure is printed at once with its output, a skip with its file", () => {
  const run = started(100);
  run.progress.judged("bad.test.ts", { ...VERDICT, failed: 1, problem: "ended by SIGSEGV", output: "why\n" });
  run.progress.judged("left-out.test.ts", { ...VERDICT, skipped: 1, notes: ["skipped: no browser"] });
  assert.is(
    run.text,
    "FAIL bad.test.ts  2 passed, 1 failed  1.5 s  (ended by SIGSEGV)\n     | why\n" +
      "skipped: no browser (left-out.test.ts)\n",
  );
});

test("a short run prints a line for each file, a long one its slowest", () => {
  const short = started(1);
  short.progress.judged("a.test.ts", VERDICT);
  assert.is(short.progress.close(), 0);
  assert.is(short.text, "ok   a.test.ts  2 passed  1.5 s\n2 passed, 0 failed\n");
  const long = started(30);
  long.progress.judged("a.test.ts", VERDICT);
  long.progress.judged("b.test.ts", { ...VERDICT, ms: 2500 });
  long.progress.close();
  assert.is(long.text, "slowest: b.test.ts 2.5 s, a.test.ts 1.5 s\n4 passed, 0 failed\n");
});

test("a run without a passed test fails", () => {
  assert.is(started(0).progress.close(), 1);
});

test.run();
