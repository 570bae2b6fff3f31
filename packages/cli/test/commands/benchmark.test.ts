import { readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
test.before(() => writeModel(backbone));
test.after(remove);

const out = path.join(folder, "out");
const compare = (methods: string, ...args: string[]) =>
  cli([
    ...["benchmark", "--data", "procedural:5?size=64&train=3&good=3&bad=3", "--category", "metal,nut"],
    ...["--backbone", backbone, "--methods", methods, "--shots", "1", "--seeds", "2"],
    ...["--out", out, "--cache", path.join(folder, "cache"), ...args],
  ]);
const METHODS = "residual,subspacead:paper";
const FILES = ["benchmark.csv", "benchmark.md", "benchmark.tex", "report.html"];
const read = () => FILES.map((file) => readFileSync(path.join(out, file), "utf8"));

test("methods share draws and one table, and a run that lost a method's draws ends with the same bytes", async () => {
  const run = await compare(METHODS);
  assert.is(run.code, 0, run.stderr);
  const [head, first, second] = run.stdout.split("\n");
  assert.match(head, /^method +K +metal +nut +mean of 2 categories$/);
  assert.match(first, /^residual +1 /);
  assert.match(second, /^subspacead:paper +1 /);
  const stores = ["residual.draws.jsonl", "subspacead-paper.draws.jsonl"];
  assert.equal(readdirSync(out).sort(), [...FILES, ...stores].sort());
  const [csv, , , report] = read();
  assert.is(csv.trim().split("\n").length, 7);
  assert.ok(report.split('src="data:image/png;base64,').length - 1 >= 6 * 3, "images and maps");
  const before = read();
  rmSync(path.join(out, stores[1]));
  assert.is((await compare(METHODS)).code, 0);
  assert.equal(read().slice(0, 3), before.slice(0, 3));
});

test("an entry that is none is refused by name", async () => {
  failsWith(await compare("patchwork"), /--methods patchwork: give METHOD\[:PRESET\]\[@BACKBONE\]/);
  failsWith(await compare("residual:fast"), /its preset is none of paper, released, anomalib/);
});

test.run();
