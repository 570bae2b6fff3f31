import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Row } from "../../src/case.js";
import { compareRows } from "../../src/report/regressions.js";

const row = (subject: string, more: Partial<Row>): Row => ({
  case: "gemm",
  size: "8 x 8 x 8",
  subject,
  medianMs: 1,
  minMs: 1,
  spread: 0,
  runs: 3,
  rate: 1,
  unit: "GFLOP/s",
  ...more,
});

const regressions = (before: Row, now: Row) => compareRows([before], [now], 0.2).regressions;

test("a ratio may become worse by the margin", () => {
  assert.is(regressions(row("tfjs", { oursOver: 5 }), row("tfjs", { oursOver: 4.1 })), 0);
  assert.is(regressions(row("tfjs", { oursOver: 5 }), row("tfjs", { oursOver: 3.9 })), 1);
  assert.is(regressions(row("ours", { ofCeiling: 0.5 }), row("ours", { ofCeiling: 0.39, ofGemm: 0.1 })), 1);
  assert.is(regressions(row("ours", { growth: 1 }), row("ours", { growth: 1.24 })), 0);
  assert.is(regressions(row("ours", { growth: 1 }), row("ours", { growth: 1.26 })), 1);
});

test("times, peers' shares and rows of only one run are not compared", () => {
  assert.is(regressions(row("ours", { medianMs: 1 }), row("ours", { medianMs: 100 })), 0);
  assert.is(regressions(row("tfjs", { ofCeiling: 0.5 }), row("tfjs", { ofCeiling: 0.1 })), 0);
  assert.is(regressions(row("ours", { size: "9", ofCeiling: 1 }), row("ours", { ofCeiling: 0.1 })), 0);
});

test("a new failure of ours counts, a peer's does not", () => {
  const failed = { medianMs: null, rate: null, failed: "wrong: value 0" };
  const { lines, regressions: count } = compareRows([row("ours", {})], [row("ours", failed)], 0.2);
  assert.is(count, 1);
  assert.match(lines[0], /^WORSE {2}gemm 8 x 8 x 8, ours: wrong: value 0$/);
  assert.is(regressions(row("tfjs", { oursOver: 5 }), row("tfjs", failed)), 0);
});

test.run();
