import { test } from "uvu";
import * as assert from "uvu/assert";
import { info } from "../../src/ui/log.js";
import { startProgress } from "../../src/ui/progress.js";

/** What a job writes to stderr. */
function written(job: () => void): string {
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

test("without a terminal, progress is a line every five seconds", () => {
  let now = 0;
  const text = written(() => {
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

test("a resumed job estimates its time left from its own pace", () => {
  let now = 0;
  const text = written(() => {
    const progress = startProgress(1000, { verb: "training", unit: "step", terminal: false, now: () => now });
    for (let done = 901; done <= 908; done++) {
      now += 1000;
      progress.update(done);
    }
    progress.stop();
  });
  assert.is(text, "training: 905 of 1000 steps, about 1 min 35 s left\n");
});

test("on a terminal, lines written during a bar stay, and the bar is removed", () => {
  let now = 0;
  const text = written(() => {
    const progress = startProgress(0, { verb: "loading", unit: "parameter", terminal: true, now: () => now });
    now += 1000;
    progress.update(1e6, 4e6);
    info("a word in between");
    now += 10;
    progress.update(2e6, 4e6);
    progress.stop();
    info("after");
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
