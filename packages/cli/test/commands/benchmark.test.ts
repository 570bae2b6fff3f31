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
const data = (seed: number) => `procedural:${seed}?size=64&train=3&good=3&bad=3`;
const compare = (methods: string, ...args: string[]) =>
  cli([
    ...["benchmark", "--data", data(5), "--category", "metal,nut", "--backbone", backbone],
    ...["--methods", methods, "--shots", "1", "--seeds", "2", "--limit", "4"],
    ...["--out", out, "--cache", path.join(folder, "cache"), ...args],
  ]);
const METHODS = "residual?aggregate=top3,subspacead:paper";
const FILES = ["benchmark.csv", "benchmark.md", "benchmark.tex", "report.html"];
const read = () => FILES.map((file) => readFileSync(path.join(out, file), "utf8"));

test("methods share draws and one table, and a run that lost a method's draws ends with the same bytes", async () => {
  const run = await compare(METHODS);
  assert.is(run.code, 0, run.stderr);
  const [head, first, second] = run.stdout.split("\n");
  assert.match(head, /^method +K +metal +nut +mean of 2 categories$/);
  assert.match(first, /^residual\?aggregate=top3 +1 /);
  assert.match(second, /^subspacead:paper +1 /);
  const stores = readdirSync(path.join(out, "procedural-5"));
  assert.is(stores.length, 2);
  assert.equal(readdirSync(out).sort(), [...FILES, "costs.csv", "procedural-5"].sort());
  const [csv, , , report] = read();
  assert.is(csv.trim().split("\n").length, 7);
  assert.ok(report.split('src="data:image/png;base64,').length - 1 >= 4 * 3, "images and maps");
  const [, cost] = readFileSync(path.join(out, "costs.csv"), "utf8").split("\n");
  const [, , parameters, flop] = cost.split(",").map(Number);
  assert.ok(parameters > 0 && flop > 2 * parameters, "each weight meets many patches");
  const before = read();
  rmSync(path.join(out, "procedural-5", stores[1]));
  assert.is((await compare(METHODS)).code, 0);
  assert.equal(read(), before);
});

test("data sets have a column each, and those of one name are told apart by what they are", async () => {
  const args = ["--category", "nut", "--out", `${out}-2`];
  const run = await compare("residual", "--data", data(6), ...args);
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, /^method +K +procedural-5 +procedural-6 +mean of 2 data sets\n/);
  const larger = data(5).replace("train=3", "train=4");
  const named = await compare("residual", "--data", larger, ...args);
  assert.is(named.code, 0, named.stderr);
  assert.match(named.stdout, /procedural-5 5 size 64 train 3 good 3 bad 3 +procedural-5 5 size 64 train 4 /);
  failsWith(await compare("residual", "--data", data(5)), /two data sets are called procedural-5 5/);
});

test("an entry that is none is refused by name", async () => {
  failsWith(await compare("patchwork"), /--methods patchwork: give METHOD\[:PRESET\]/);
  failsWith(await compare("residual,residual"), /--methods residual: give each method once/);
  failsWith(await compare("residual?aggregate"), /"aggregate" has no value/);
  failsWith(await compare("residual:fast"), /its preset is none of paper, released, anomalib/);
});

test.run();
