import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, spawnCli, temporaryFolder, warnings } from "../support/cli.js";
import { TINY_DINO, writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
test.before(() => writeModel(backbone));
test.after(remove);

const DATA = "procedural:5?size=64&train=4&good=3&bad=4";
const evaluate = (...args: string[]) => cli(["eval", "--backbone", backbone, ...args]);
const read = (...names: string[]) => readFileSync(path.join(folder, ...names), "utf8");

test("a small data set gives table, files and report, and the same command again measures nothing twice", async () => {
  const out = path.join(folder, "deep/results");
  const args = ["--data", DATA, "--category", "metal,nut", "--shots", "1,2", "--seeds", "2", "--out", out];
  let hasEnded = false;
  const running = evaluate(...args).finally(() => {
    hasEnded = true;
  });
  const seen: string[][] = [];
  while (!hasEnded) {
    seen.push(existsSync(out) ? readdirSync(out) : []);
    await sleep(5);
  }
  const run = await running;
  const atWork = seen.find((names) => names.includes("draws.jsonl"));
  assert.ok(atWork?.includes(".inctrl.lock"), `another run could begin in a folder with ${atWork}`);
  assert.is(run.code, 0, run.stderr);
  const lines = run.stdout.trimEnd().split("\n");
  assert.is(lines.length, 7);
  assert.match(lines[0], /^category +K +AUROC +AUPRC +F1-max +threshold +pixel AUROC +AUPRO +s\/image$/);
  assert.match(lines[1], /^metal +1 +0\.\d{4} ± 0\.\d{4} /);
  assert.match(lines[6], /^mean of 2 categories +2 +0\.\d{4} ± 0\.\d{4} /);
  assert.equal(warnings(run), []);
  const files = ["draws.jsonl", "report.html", "results.csv", "results.json", "results.md"];
  assert.equal(readdirSync(out).sort(), files);

  const document = JSON.parse(read("deep/results/results.json"));
  assert.equal([document.data, document.complete, document.seeds], [DATA, true, [0, 1]]);
  for (const { draws } of document.categories) {
    assert.equal(
      draws.map(({ shots, seed, prompts }: { shots: number; seed: number; prompts: string[] }) => [
        ...[shots, seed, prompts.length],
      ]),
      [
        [1, 0, 1],
        [1, 1, 1],
        [2, 0, 2],
        [2, 1, 2],
      ],
    );
    for (const { prompts } of draws) {
      for (const name of prompts) assert.match(name, /^(metal|nut)\/train\/good\/00\d$/);
    }
  }
  const report = read("deep/results/report.html");
  const pictures = report.split('src="data:image/png;base64,').length - 1;
  assert.ok(pictures > 0 && pictures <= 36 && pictures % 3 === 0, `${pictures}`);

  const store = read("deep/results/draws.jsonl");
  const again = await evaluate(...args);
  assert.equal([again.code, again.stdout], [0, run.stdout]);
  assert.is(read("deep/results/draws.jsonl"), store);
  failsWith(await evaluate(...args, "--fit", "squash"), /fit was "crop" and now is "squash"/);
});

test("Ctrl-C keeps finished draws and exits with 130, and the same command continues", async () => {
  const args = ["--data", DATA, "--category", "metal", "--shots", "1", "--seeds", "300"];
  const out = path.join(folder, "stopped");
  const store = path.join(out, "draws.jsonl");
  const run = await spawnCli(["eval", "--backbone", backbone, ...args, "--out", out], {
    onStart(child) {
      const timer = setInterval(() => {
        if (!existsSync(store) || readFileSync(store, "utf8").split("\n").length < 5) return;
        clearInterval(timer);
        child.kill("SIGINT");
      }, 5);
      child.on("close", () => clearInterval(timer));
    },
  });
  assert.is(run.code, 130, run.stderr);
  assert.match(run.stderr, /stopped after \d+ draws, of 300 a category; the same command goes on from there/);
  assert.match(run.stdout, /^metal +1 +0\.\d{4} ± /m);
  assert.equal(readdirSync(out), ["draws.jsonl"]);
  const before = readFileSync(store, "utf8");
  const fewer = await evaluate(...args.slice(0, -1), "3", "--out", out);
  assert.is(fewer.code, 0, fewer.stderr);
  assert.is(readFileSync(store, "utf8"), before, "three draws were there already");
});

test("unreadable images and one-class categories are reported, and exit with 2", async () => {
  const set = path.join(folder, "own set");
  for (const [kind, count] of [
    ["part/train/good", 4],
    ["part/test/good", 3],
    ["part/test/bad", 3],
    ["plain/train/good", 2],
    ["plain/test/good", 2],
  ] as const) {
    writeImages(path.join(set, kind), count);
  }
  mkdirSync(path.join(set, "part/test/torn"));
  writeFileSync(path.join(set, "part/test/torn/x.png"), "no image");
  const run = await evaluate(
    "--data",
    `mvtec:${set}`,
    "--shots",
    "2",
    "--seeds",
    "1",
    "--out",
    path.join(folder, "own"),
  );
  assert.is(run.code, 2, run.stderr);
  assert.match(run.stdout, /^part +2 +[01]\.\d{4}/m);
  assert.match(run.stdout, /^plain +2 +only normal test images/m);
  assert.is(warnings(run).length, 1);
  assert.match(warnings(run)[0], /skipped .*torn\/x\.png/);
  assert.match(read("own/report.html"), "torn/x.png");
});

test("--cache keeps what can be kept, and says which features it cannot keep", async () => {
  const dino = path.join(folder, "dino/model.safetensors");
  mkdirSync(path.dirname(dino));
  await writeModel(dino, 1, TINY_DINO);
  const few = [
    ...["--data", "procedural:5?size=64&train=2&good=2&bad=2", "--category", "nut"],
    ...["--shots", "1", "--seeds", "1"],
  ];
  const cache = path.join(folder, "kept");
  const kept = () => readdirSync(cache).length;
  const wholly = ["--backbone", dino, "--method", "anomalydino", "--set", "side=42"];
  const whole = await evaluate(...few, ...wholly, "--cache", cache);
  assert.is(whole.code, 0, whole.stderr);
  assert.equal(warnings(whole).length, 1);
  assert.match(warnings(whole)[0], /--cache: features of whole images are not kept/);
  const tiles = await evaluate(...few, "--fit", "tile", "--cache", cache);
  assert.equal([tiles.code, warnings(tiles).length], [0, 1]);
  assert.match(warnings(tiles)[0], /--cache: features of tiles are not kept/);
  const empty = kept();
  const squares = await evaluate(...few, "--cache", cache);
  assert.equal([squares.code, warnings(squares)], [0, []]);
  assert.ok(kept() > empty, "squares are kept");
});

test("an unknown category and a component without its heads are refused", async () => {
  failsWith(await evaluate("--data", DATA, "--category", "metal,brass"), `no category "brass"`, "metal");
  failsWith(await evaluate("--data", DATA, "--components", "I"), /component I needs trained heads/);
});

test.run();
