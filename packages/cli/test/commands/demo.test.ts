import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT, spawnCli, temporaryFolder } from "../support/cli.js";

/** Each class has five normal and seven damaged images; both AUROCs are well above this with the default seed. */
const MIN_AREA = 0.7;

const { folder, remove } = temporaryFolder();
test.after(remove);

test("the demo ends with its report and both AUROCs, well above 0.5, and leaves heat maps", async () => {
  const products = path.join(folder, "products");
  // Files of an older version, which this run must leave out.
  for (const left of ["fabric/test/stain", "cork/test/good", "cork/train/good"]) {
    mkdirSync(path.join(products, left), { recursive: true });
    writeFileSync(path.join(products, left, "900.png"), "no picture");
  }
  const run = await spawnCli(["demo", "--out", folder]);
  assert.is(run.code, 0, run.stderr);
  const [heatmaps, report, residual, full] = run.stdout.trimEnd().split("\n").slice(-4);
  const maps = path.join(folder, "heatmaps");
  assert.is(heatmaps, `heat maps: ${maps}`);
  assert.is(report, `report: ${path.join(folder, "report.html")}`);
  const areas = [residual, full].map((line) => Number(/^AUROC ([01]\.\d{4}) /.exec(line)?.[1]));
  for (const area of areas) assert.ok(area > MIN_AREA, run.stdout);
  assert.ok(areas[0] >= areas[1], "a first command shows no worse score than the parts allow");
  const readme = readFileSync(path.join(ROOT, "README.md"), "utf8");
  for (const line of [residual, full]) assert.ok(readme.includes(line), `README.md does not say "${line}"`);
  const names = readdirSync(maps);
  assert.is(names.length, 72);
  for (const name of names) assert.match(name, /^(fabric|mesh|metal)-.*\.(heatmap|panel)\.png$/);
  assert.ok(existsSync(path.join(products, "metal/train/good")));
  const page = readFileSync(path.join(folder, "report.html"), "utf8");
  assert.match(page, /^<!doctype html>[\s\S]*<\/html>\s*$/i);
  assert.match(page, "nano");
});

test.run();
