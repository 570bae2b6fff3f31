import { existsSync, readFileSync } from "node:fs";
import { shared } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { paperTables } from "../src/published.js";

/** Tables of the paper as they were copied, by its own names. */
const NAMES = {
  ...{ "Baseline (0-shot)": "clip-text", SPADE: "spade", PaDiM: "padim", Patchcore: "patchcore" },
  ...{ RegAD: "regad", CoOp: "coop", WinCLIP: "winclip", "Ours (InCTRL)": "inctrl" },
};

test("figures are found by method, data set and K", async () => {
  const { figure, dataSets } = await paperTables();
  assert.is(dataSets.length, 11);
  assert.equal(figure("auroc", "inctrl", "brainmri", 8), { mean: 0.983, deviation: 0.012 });
  assert.equal(figure("auprc", "winclip", "cifar10 multi", 2), { mean: 0.876, deviation: 0.016 });
  assert.equal(figure("auroc", "clip-text", "sdd", 0), { mean: 0.946, deviation: null });
  for (const [method, dataSet, shots] of [
    ["padim", "mnist", 2],
    ["residual", "sdd", 2],
    ["spade", "folder", 2],
    ["spade", "sdd", 1],
  ] as const)
    assert.is(figure("auroc", method, dataSet, shots), null);
});

test("every figure is the paper's", async () => {
  const path = shared("golden/paper_tables.json");
  if (!path || !existsSync(path)) return console.log("skipped: ../shared absent");
  const golden = JSON.parse(readFileSync(path, "utf8"));
  const { figure, dataSets } = await paperTables();
  let found = 0;
  for (const metric of ["auroc", "auprc"] as const)
    for (const [k, methods] of Object.entries<Record<string, Record<string, [number, number] | null>>>(
      golden[metric.toUpperCase()],
    ))
      for (const [name, values] of Object.entries(methods))
        for (const [i, value] of Object.values(values).entries()) {
          const own = figure(metric, NAMES[name as keyof typeof NAMES], dataSets[i], Number.parseInt(k, 10));
          assert.is(own?.mean, value?.[0]);
          found++;
        }
  assert.is(found, 2 * (1 + 3 * 7) * 11);
});

test.run();
