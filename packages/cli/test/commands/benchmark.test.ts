import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { parseEntry, splitEntries } from "../../src/benchmark/entries.js";
import { cli, failsWith, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
test.before(() => writeModel(backbone));
test.after(remove);

const out = path.join(folder, "out");
const data = (seed: number) => `procedural:${seed}?size=64&train=3&good=3&bad=3`;
const run = (...args: string[]) =>
  cli(["benchmark", "--backbone", backbone, "--cache", path.join(folder, "cache"), "--out", out, ...args]);
const compare = (methods: string, ...args: string[]) =>
  run(
    ...["--data", data(5), "--category", "metal,nut", "--limit", "4"],
    ...["--methods", methods, "--shots", "1", "--seeds", "2", ...args],
  );
const METHODS = "residual?aggregate=top3,subspacead:paper";
const FILES = ["benchmark.csv", "benchmark.md", "benchmark.tex", "report.html"];
const read = () => FILES.map((file) => readFileSync(path.join(out, file), "utf8"));

test("methods share draws and one table, and a run that lost a method's draws ends with the same bytes", async () => {
  const { code, stdout, stderr } = await compare(METHODS);
  assert.is(code, 0, stderr);
  const [head, first, second] = stdout.split("\n");
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

test("features that the cache cannot keep are named with their methods", async () => {
  const one = ["--category", "nut", "--seeds", "1", "--fit", "tile", "--out", `${out}-tiles`];
  const tiles = await compare("residual", ...one);
  assert.is(tiles.code, 0, tiles.stderr);
  assert.match(warnings(tiles)[0], /residual: --cache: features of tiles are not kept/);
});

test("data sets have a column each, and those of one name are told apart by what they are", async () => {
  const args = ["--category", "nut", "--out", `${out}-2`];
  const { code, stdout, stderr } = await compare("residual", "--data", data(6), ...args);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^method +K +procedural-5 +procedural-6 +mean of 2 data sets\n/);
  const larger = data(5).replace("train=3", "train=4");
  const named = await compare("residual", "--data", larger, ...args);
  assert.is(named.code, 0, named.stderr);
  assert.match(named.stdout, /procedural-5 5 size 64 train 3 good 3 bad 3 +procedural-5 5 size 64 train 4 /);
  failsWith(await compare("residual", "--data", data(5)), /two data sets are called procedural-5 5/);
});

test("a table of the paper has its figures beside ours, where it has any", async () => {
  const brain = path.join(folder, "brain");
  writeImages(path.join(brain, "no"), 4);
  writeImages(path.join(brain, "yes"), 3, 4);
  const args = ["--data", `brainmri:${brain}`, "--shots", "2", "--seeds", "1", "--out", `${out}-3`];
  const methods = "ours=inctrl?components=P,residual";
  const { code, stdout, stderr } = await run("--paper", "table2", "--methods", methods, ...args);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^ours +2 +0\.\d{3}\*? \(0\.994\)\nresidual +2 +0\.\d{3}\*?\n$/m);
  const markdown = readFileSync(path.join(`${out}-3`, "benchmark.md"), "utf8");
  assert.match(markdown, /In brackets: Zhu and Pang, CVPR 2024.*\n\n## AUPRC\n/);
  assert.not.match(markdown, "## AUROC");
  failsWith(await run(...args), /--methods: say what is compared, or give --paper/);
  failsWith(await run("--paper", "table3", ...args), /name the folder of its trainings by --ablations/);
  const wrong = `inctrl?heads=${backbone}&heads.mvtec=${backbone}`;
  failsWith(await run("--methods", wrong, ...args), /heads\.mvtec is of no data set; there are brainmri/);
  failsWith(
    await run("--methods", "inctrl?heads=absent.safetensors", ...args),
    /absent\.safetensors: no such file/,
  );
});

test("entries are separated at commas, but for those in the value of an option", () => {
  const text =
    "clip-text,a+b=inctrl?components=P,T&heads=run,1.safetensors@nano,patchcore:paper?layers=2,3@x?seed=0,residual";
  assert.equal(splitEntries(text), [
    "clip-text",
    "a+b=inctrl?components=P,T&heads=run,1.safetensors@nano",
    "patchcore:paper?layers=2,3@x?seed=0",
    "residual",
  ]);
  const { label, backbone, settings } = parseEntry("few=residual?aggregate=top3@x?seed=0", {
    backbone: "nano",
  });
  assert.equal([label, backbone, settings.aggregate], ["few", "x?seed=0", "top3"]);
});

test("figure 3 is a page and a picture of the images that are named, and refuses others and methods without matches", async () => {
  const figure = (...args: string[]) =>
    run(
      ...["--paper", "figure3", "--data", data(5), "--category", "metal", "--shots", "2,1"],
      ...["--out", path.join(folder, "figure"), ...args],
    );
  const { code, stderr } = await figure("--images", "metal/test/scratch/000", "good/001");
  assert.is(code, 0, stderr);
  assert.equal(readdirSync(path.join(folder, "figure")).sort(), ["figure3.html", "figure3.png"]);
  const page = readFileSync(path.join(folder, "figure/figure3.html"), "utf8");
  assert.is(page.split("data:image/png;base64,").length - 1, 2 * (1 + 2 + 1));
  failsWith(
    await figure("--images", "metal/test/scratch/009"),
    /no test image .*; did you mean metal\/test\/scratch\/00/,
  );
  failsWith(await figure("--methods", "subspacead"), /subspacead matches no patches/);
  failsWith(await compare("residual", "--images", "a"), /--images: these are of --paper figure3/);
});

test("figure 4 has a number for each draw of prompts from one class on, and ends with the same bytes after a stop", async () => {
  const digits = path.join(folder, "digits");
  for (const digit of [0, 2, 4, 6, 8]) {
    writeImages(path.join(digits, "train", String(digit)), 2, digit);
    writeImages(path.join(digits, "test", String(digit)), 1, digit + 1);
    writeImages(path.join(digits, "test", String(digit + 1)), 1, digit);
  }
  const to = path.join(folder, "curve");
  const set = `mnist:${digits}?protocol=multi`;
  const draw = (...args: string[]) =>
    run(
      ...["--paper", "figure4", "--data", set, "--methods", "residual,subspacead", "--shots", "1,2"],
      ...["--seeds", "2", "--out", to, ...args],
    );
  const { code, stdout, stderr } = await draw();
  assert.is(code, 0, stderr);
  assert.match(stdout, /^mnist even\nmethod +1 class +2 classes\nresidual +0\.\d{3} ± 0\.\d{3} /);
  const files = () =>
    ["figure4.csv", "figure4.html"].map((file) => readFileSync(path.join(to, file), "utf8"));
  const before = files();
  const rows = before[0].trim().split("\n").slice(1);
  assert.equal(
    rows.map((row) => row.split(",").slice(0, 6).join()),
    ["residual", "subspacead"].flatMap((method) =>
      [1, 2].flatMap((classes) => [0, 1].map((seed) => `mnist,even,${method},2,${classes},${seed}`)),
    ),
  );
  const store = path.join(to, "figure4/mnist/subspacead.draws.jsonl");
  const lines = readFileSync(store, "utf8").split("\n");
  writeFileSync(store, `${lines.slice(0, 3).join("\n")}\n${lines[3].slice(0, 40)}`);
  rmSync(path.join(to, "figure4.csv"));
  assert.is((await draw()).code, 0);
  assert.equal(files(), before);
  failsWith(
    await draw("--data", data(5)),
    /--data procedural:5.*: not all of its categories have several normal classes/,
  );
});

test("an entry that is none is refused by name", async () => {
  failsWith(await compare("patchwork"), /--methods patchwork: give \[NAME=\]METHOD/);
  failsWith(await compare("residual,residual"), /--methods residual: give each method once/);
  failsWith(await compare("residual?aggregate"), /"aggregate" is no option with a value/);
  failsWith(await compare("residual:fast"), /its preset is none of paper, released, anomalib/);
});

test.run();
