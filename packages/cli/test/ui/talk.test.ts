import { test } from "uvu";
import * as assert from "uvu/assert";
import { describe, oneLine } from "../../src/errors.js";
import { startProgress } from "../../src/ui/progress.js";
import { count, duration, fixed, say, size } from "../../src/ui/talk.js";

test("amounts are said as people say them", () => {
  assert.equal(
    [count(1, "image"), count(0, "image"), count(12, "prompt")],
    ["1 image", "0 images", "12 prompts"],
  );
  assert.equal([0.84, 42.4, 200, 7500].map(duration), ["0.8 s", "42 s", "3 min 20 s", "2 h 5 min"]);
  assert.equal([17, 2300, 1356917, 833.9e6, 3.94e9].map(size), [
    "17 B",
    "2.3 kB",
    "1.4 MB",
    "834 MB",
    "3.94 GB",
  ]);
  assert.equal([-1e-8, -0.25, 0.12345].map(fixed), ["0.0000", "-0.2500", "0.1235"]);
});

test("errors are one line without control characters", () => {
  assert.is(oneLine("a\nb\u001b[31m\r\n"), "a b [31m");
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    path: "x",
  });
  assert.is(describe(full), "x: the disk is full; free some space or write elsewhere");
  assert.match(describe(new TypeError("boom")), /^unexpected: boom; DEBUG=1 shows where/);
  assert.match(describe("thrown text"), "thrown text");
});

/** What goes to stderr during a job. */
function heard(job: () => void): string {
  const original = process.stderr.write;
  let text = "";
  process.stderr.write = ((piece: string) => {
    text += piece;
    return true;
  }) as typeof process.stderr.write;
  try {
    job();
  } finally {
    process.stderr.write = original;
  }
  return text;
}

test("without a terminal, progress is a line now and then", () => {
  let now = 0;
  const text = heard(() => {
    const progress = startProgress(100, { verb: "scoring", terminal: false, now: () => now });
    for (let done = 1; done <= 100; done++) {
      now += 200;
      progress.update(done);
    }
    progress.stop();
  });
  assert.equal(text.trimEnd().split("\n"), [
    "scoring: 25 of 100 images, about 15 s left",
    "scoring: 50 of 100 images, about 10 s left",
    "scoring: 75 of 100 images, about 5.0 s left",
  ]);
});

test("a job that goes on after a stop tells its time left by its own pace", () => {
  let now = 0;
  const text = heard(() => {
    const progress = startProgress(1000, { verb: "training", unit: "step", terminal: false, now: () => now });
    for (let done = 901; done <= 908; done++) {
      now += 1000;
      progress.update(done);
    }
    progress.stop();
  });
  assert.is(text, "training: 905 of 1000 steps, about 1 min 35 s left\n");
});

test("on a terminal, lines said while a bar stands stay, and the bar goes without a trace", () => {
  let now = 0;
  const text = heard(() => {
    const progress = startProgress(0, { verb: "loading", unit: "parameter", terminal: true, now: () => now });
    now += 1000;
    progress.update(1e6, 4e6);
    say("a word in between");
    now += 10;
    progress.update(2e6, 4e6);
    progress.stop();
    say("after");
  });
  const empty = `[${" ".repeat(24)}]`;
  const quarter = `[======${" ".repeat(18)}] 1.0 M of 4.0 M parameters`;
  assert.is(
    text,
    `\rloading ${empty} 0.0 M parameters\x1b[K\rloading ${quarter}\x1b[K` +
      `\r\x1b[Ka word in between\n\rloading ${quarter}\x1b[K\r\x1b[Kafter\n`,
  );
});

test.run();
