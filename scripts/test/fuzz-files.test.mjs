import { test } from "uvu";
import * as assert from "uvu/assert";
import { fuzz } from "../fuzz/run.mjs";
import targets from "../fuzz/targets.mjs";

/** The short form of `npm run fuzz:files`; libraries get a smaller share. */
const CASES = 5_000;

for (const target of targets) {
  test(`${target.name}: sound files are read`, async () => {
    for (const seed of target.seeds) await target.parse(Buffer.from(seed));
  });
  test(`${target.name}: a damaged file is read or refused by name, in bounded time and memory`, async () => {
    const { failures } = await fuzz(target, { cases: Math.ceil(CASES * target.share), seed: 1 });
    assert.equal(
      failures.map(({ number, problem }) => `case ${number}: ${problem}`),
      [],
    );
  });
}

test("a parser that breaks is reported with the case, and the case can be made again", async () => {
  const bad = {
    name: "bad",
    seeds: [Buffer.from("sound")],
    parse: (bytes) => bytes.length > 5 && null.length,
  };
  const { failures, values, refused } = await fuzz(bad, { cases: 40, seed: 7 });
  assert.ok(failures.length > 0 && values > 0);
  assert.is(failures.length + values + refused, 40);
  const [{ number, problem, bytes }] = failures;
  assert.match(problem, /TypeError/);
  const again = await fuzz(bad, { cases: 1, seed: 7, first: number });
  assert.equal(again.failures[0].bytes, bytes);
});

test.run();
