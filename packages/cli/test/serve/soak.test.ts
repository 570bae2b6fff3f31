import { test } from "uvu";
import * as assert from "uvu/assert";
import { MAX_RISE, trendOf } from "./memory.js";
import { soak } from "./soak.js";

test("a few seconds of a soak: nothing is answered wrongly or lost while clients leave and send rubbish", async () => {
  const { faults, answers, exitCode } = await soak({ seconds: 3, rate: 30 });
  assert.equal(faults, []);
  assert.ok(answers.whole >= 5, JSON.stringify(answers));
  assert.is(exitCode, 0);
});

/** 30 minutes of memory that is a saw, and of which each of 10 requests a second keeps some bytes. */
const saw = (leak: number) =>
  Array.from({ length: 200 }, (_, i) => {
    const seconds = 9 * i;
    const tooth = 60 * ((seconds % 37) / 37);
    const warm = 80 * (1 - Math.exp(-seconds / 120));
    return { seconds, rss: 300 + warm + tooth + (10 * seconds * leak) / 1e6, heap: 40 + tooth, external: 5 };
  });

test("the line through memory tells a leak of 4 kB a request from a saw without one", () => {
  const flat = trendOf(saw(0));
  assert.ok(Math.abs(flat.rise) < MAX_RISE / 4, `a saw rises by ${flat.rise} MB`);
  const leaks = trendOf(saw(4096));
  // 10 requests a second keep 147 MB an hour.
  assert.ok(Math.abs(leaks.perHour - flat.perHour - 147.456) < 1e-6, `${leaks.perHour} MB an hour`);
  assert.ok(leaks.rise > MAX_RISE, `a leak rises by ${leaks.rise} MB`);
});

test.run();
