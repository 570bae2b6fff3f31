import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Effort, interleave, summarise } from "../src/measure.js";

const EFFORT: Effort = { warmUps: 2, rounds: 4, sampleMs: 0, budgetMs: 1000 };

/** A runner that takes no time, notes its turns and says how long they took. */
function pretend(name: string, ms: readonly number[], turns: string[]) {
  let next = 0;
  return {
    async run(times: number) {
      turns.push(`${name}${times}`);
      const value = ms[Math.min(next++, ms.length - 1)];
      if (Number.isNaN(value)) throw new Error(`${name} breaks`);
      return value;
    },
  };
}

test("runners take turns, and warm-ups do not count", async () => {
  const turns: string[] = [];
  const runners = [pretend("a", [90, 90, 1, 2, 3, 4], turns), pretend("b", [80, 80, 5], turns)];
  const [a, b] = await interleave(runners, EFFORT, () => assert.unreachable());
  assert.is(turns.join(" "), "a1 a1 b1 b1 a1 b1 a1 b1 a1 b1 a1 b1");
  assert.equal(a, { runs: 4, medianMs: 2.5, minMs: 1, spread: 0.3 });
  assert.equal(b, { runs: 4, medianMs: 5, minMs: 5, spread: 0 });
});

test("a quick task is repeated, and a slow one is measured less often", async () => {
  const turns: string[] = [];
  await interleave([pretend("a", [2], turns)], { ...EFFORT, sampleMs: 20 }, () => assert.unreachable());
  assert.is(turns.join(" "), "a1 a1 a10 a10 a10 a10");
  turns.length = 0;
  const [slow] = await interleave([pretend("a", [600], turns)], EFFORT, () => assert.unreachable());
  assert.is(slow?.runs, 3);
});

test("a runner that fails is left out, and the others continue", async () => {
  const broken: string[] = [];
  const turns: string[] = [];
  const runners = [pretend("a", [1, 1, 1, Number.NaN], turns), pretend("b", [1], turns)];
  const [a, b] = await interleave(runners, EFFORT, (index, { message }) =>
    broken.push(`${index}: ${message}`),
  );
  assert.equal(broken, ["0: a breaks"]);
  assert.is(a, null);
  assert.is(b?.runs, 4);
});

test("a timing holds the median, the minimum and half the interquartile range", () => {
  assert.equal(summarise([40, 10, 20, 30, 50]), { runs: 5, medianMs: 30, minMs: 10, spread: 1 / 3 });
});

test.run();
