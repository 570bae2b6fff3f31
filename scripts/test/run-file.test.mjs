import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseSummary, runFile } from "../testing/run-file.mjs";
import { ROOT } from "../workspace.mjs";

const fixture = (name) => `scripts/test/fixtures/${name}.mjs`;

async function verdict(name, limitMs = 20_000) {
  const { passed, failed, skipped, problem = "" } = await runFile(fixture(name), { cwd: ROOT, limitMs });
  return { passed, failed, skipped, problem };
}

const cases = [
  ["passes", { passed: 2, failed: 0, skipped: 0, problem: "" }],
  ["skips", { passed: 1, failed: 0, skipped: 1, problem: "" }],
  ["fails", { passed: 1, failed: 1, skipped: 0, problem: "" }],
  ["forgets-to-run", { passed: 0, failed: 1, skipped: 0, problem: "ran no test: is test.run() missing?" }],
  ["empty", { passed: 0, failed: 1, skipped: 0, problem: "holds no test" }],
  ["crashes", { passed: 0, failed: 1, skipped: 0, problem: "ended by SIGSEGV" }],
  ["crashes-at-exit", { passed: 1, failed: 1, skipped: 0, problem: "ended by SIGABRT" }],
  ["throws-late", { passed: 1, failed: 1, skipped: 0, problem: "exit code 1 although every test passed" }],
  ["does-not-exist", { passed: 0, failed: 1, skipped: 0, problem: "exit code 1 before any result" }],
];

for (const [name, expected] of cases)
  test(`a file that ${name.replaceAll("-", " ")}`, async () => assert.equal(await verdict(name), expected));

test("a file that hangs is stopped, with the processes it started", async () => {
  const started = performance.now();
  const { failed, problem } = await verdict("hangs", 2000);
  assert.is(failed, 1);
  assert.is(problem, "stopped after 2 s");
  assert.ok(performance.now() - started < 6000);
});

test("the last summary counts, and other text like it does not", () => {
  const text =
    "  Total:     9\n  Passed:    9\n  Skipped:   0\n\n  Total:     3\n  Passed:    2\n  Skipped:   1\n";
  assert.equal(parseSummary(text), { total: 3, passed: 2, skipped: 1 });
  assert.is(parseSummary("Total: none"), undefined);
});

const run = (...args) => {
  const { stdout, status } = spawnSync(process.execPath, ["scripts/test.mjs", ...args], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { last: stdout.trimEnd().split("\n").at(-1), status, stdout };
};

test("the run ends with one line of counts and the matching exit code", () => {
  const good = run(fixture("passes"), fixture("skips"));
  assert.equal([good.last, good.status], ["3 passed, 0 failed, 1 skipped", 0]);
  assert.match(good.stdout, "skipped: the large vocabulary is absent");
  const bad = run(fixture("passes"), fixture("fails"));
  assert.equal([bad.last, bad.status], ["3 passed, 1 failed", 1]);
  assert.match(bad.stdout, "does not hold");
});

test("a run of nothing fails", () => {
  const { last, status } = run("no-such-test-anywhere");
  assert.equal([last, status], ["0 passed, 0 failed", 1]);
});

test.run();
