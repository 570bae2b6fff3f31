import { test } from "uvu";
import * as assert from "uvu/assert";
import { runGroup } from "../testing/run-group.mjs";
import { ROOT } from "../workspace.mjs";

async function verdicts(...names) {
  const found = [];
  await runGroup(
    names.map((name) => `scripts/test/fixtures/${name}.mjs`),
    { cwd: ROOT, limitMs: 20_000 },
    (_, { passed, failed, skipped, problem, ms }) => {
      assert.ok(ms > 0, `${ms} ms`);
      found.push([passed, failed, skipped, problem]);
    },
  );
  return found;
}

test("files that pass each get a verdict by their own part", async () => {
  assert.equal(await verdicts("skips", "passes"), [
    [1, 0, 1, undefined],
    [2, 0, 0, undefined],
  ]);
});

test("a file gets the verdict that it gets alone, whatever the others do", async () => {
  assert.equal(await verdicts("passes", "fails", "forgets-to-run", "skips"), [
    [2, 0, 0, undefined],
    [1, 1, 0, undefined],
    [0, 1, 0, "ran no test: is test.run() missing?"],
    [1, 0, 1, undefined],
  ]);
  assert.equal(await verdicts("throws-late", "passes", "crashes", "skips"), [
    [1, 1, 0, "exit code 1 although every test passed"],
    [2, 0, 0, undefined],
    [0, 1, 0, "ended by SIGSEGV"],
    [1, 0, 1, undefined],
  ]);
});

test("a file that runs again says so, and why", async () => {
  const notesOf = async (...names) => {
    const found = [];
    const files = names.map((name) => `scripts/test/fixtures/${name}.mjs`);
    await runGroup(files, { cwd: ROOT, limitMs: 20_000 }, (_, { notes }) => found.push(notes[0]));
    return found;
  };
  const skipped = "skipped: the large vocabulary is absent";
  assert.equal(await notesOf("fails", "passes"), ["ran again by itself: it failed beside others", skipped]);
  assert.equal(await notesOf("passes", "crashes"), [
    "ran again by itself: the process ended with SIGSEGV",
    "ran again by itself: it failed beside others",
  ]);
});

test.run();
