import { test } from "uvu";
import * as assert from "uvu/assert";
import { Bench, type Contestant } from "../src/bench.js";
import { CASES } from "../src/cases/index.js";
import { sampled } from "../src/check.js";

const bench = new Bench({ quick: true, alone: true });
test.after(() => bench.stop());

test("our results are right and get figures in every case of single operations", async () => {
  for (const name of ["ceiling", "gemm", "attention", "layernorm", "softmax", "nearest"]) {
    const each = CASES.find((other) => other.name === name)!;
    const subjects: string[] = [];
    for await (const row of each.run(bench)) {
      assert.is(row.failed, undefined, `${name} ${row.size} ${row.subject}: ${row.failed}`);
      assert.is(row.case, name);
      assert.ok(row.medianMs! > 0 && row.minMs! <= row.medianMs! && row.rate! > 0 && row.runs > 0);
      if (row.subject === "ours") assert.ok(row.ofCeiling! > 0);
      subjects.push(row.subject);
    }
    assert.ok(subjects.includes(name === "ceiling" ? "ceiling" : "ours"), name);
  }
});

test("a library that is wrong, incapable or crashes gets a row with the reason and no figures", async () => {
  const sizes = { rows: 3, n: 4 };
  const softmax: Contestant = { subject: "ours", process: "ours", task: "softmax", sizes, work: 1 };
  const rows = await bench.compare({
    ...{ case: "softmax", size: "3 x 4", unit: "GB/s", check: sampled(12, () => 0.5) },
    contestants: [softmax, { ...softmax, yardstick: true }, { ...softmax, sizes: { rows: 3, n: -4 } }],
  });
  assert.match(rows[0].failed ?? "", /^wrong: value \d+ is 0\.\d+ and must be 0\.5/);
  assert.is(rows[0].medianMs, null);
  assert.is(rows[1].failed, undefined);
  assert.match(rows[2].failed ?? "", /./);
  assert.is(rows[2].rate, null);
});

test.run();
