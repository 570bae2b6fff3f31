import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resultsOf, scoreByBank } from "../support/bank.js";
import { cli, failsWith, spawnCli, temporaryFolder } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
const [bank, hinted] = ["line", "hint"].map((name) => path.join(folder, `${name}.bank.safetensors`));
/** Drawn metal: those with an even number are good. */
const images = writeImages(path.join(folder, "images"), 40);
const good = images.filter((_, i) => i % 2 === 0);
const model = ["--backbone", backbone];
test.before(async () => {
  await writeModel(backbone);
  for (const [file, prompts] of [
    [bank, good.slice(0, 2)],
    [hinted, good.slice(0, 1)],
  ] as const) {
    const made = await cli(["score", ...model, "--prompts", ...prompts, "--save-bank", file]);
    assert.is(made.code, 0, made.stderr);
  }
  const set = await cli([
    ...["calibrate", ...model, "--bank", bank, "--normals", ...good.slice(2)],
    ...["--false-alarms", "20%", "--review", "40%"],
  ]);
  assert.is(set.code, 0, set.stderr);
});
test.after(remove);

/** A folder where pictures have arrived, and where they go. */
function arrived(name: string, files: readonly string[]): { from: string; out: string } {
  const [from, out] = ["in", "out"].map((each) => path.join(folder, name, each));
  mkdirSync(from, { recursive: true });
  for (const file of files) copyFileSync(file, path.join(from, path.basename(file)));
  return { from, out };
}

const sorted = (out: string, verdict: string): string[] => readdirSync(path.join(out, verdict)).sort();

test("pictures go where score's verdict says, and the ledger has its numbers", async () => {
  const { from, out } = arrived("sort", images);
  writeFileSync(path.join(from, "broken.png"), "no picture");
  const watch = [
    "watch",
    from,
    ...model,
    "--bank",
    bank,
    "--out",
    out,
    "--once",
    "--give-up",
    "0s",
    "--heatmaps",
  ];
  const run = await cli(watch);
  assert.is(run.code, 2, run.stderr);
  assert.is(run.stdout, "");
  const results: { image: string; verdict: string; score: number }[] = resultsOf(
    await scoreByBank(model, bank, images),
  );
  for (const verdict of ["OK", "REVIEW", "NG"]) {
    const want = results.filter((each) => each.verdict === verdict).map(({ image }) => path.basename(image));
    assert.ok(want.length > 0, verdict);
    assert.equal(sorted(out, verdict.toLowerCase()), want.sort(), verdict);
  }
  assert.equal(sorted(out, "error"), ["broken.png"]);
  const [file] = readdirSync(path.join(out, "ledger"));
  const lines = readFileSync(path.join(out, "ledger", file), "utf8")
    .split("\n")
    .filter(Boolean);
  const entries = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "part");
  for (const { image, score, verdict } of results) {
    const entry = entries.find((each) => each.image === path.basename(image));
    assert.equal([entry.verdict, entry.score], [verdict, score]);
  }
  const [first] = sorted(out, "ng");
  assert.ok(existsSync(path.join(out, "maps/ng", `${first}.heatmap.png`)));
  assert.match(run.stderr, /41 parts: \d+ OK, \d+ REVIEW, \d+ NG, 1 ERROR/);
});

test("a bank without a line is refused", async () => {
  const { from, out } = arrived("no-line", []);
  failsWith(await cli(["watch", from, ...model, "--bank", hinted, "--out", out, "--once"]), "has no line");
});

test("secrets in an address and options of absent sinks are refused before the work", async () => {
  const { from, out } = arrived("refused", []);
  const watch = ["watch", from, ...model, "--bank", bank, "--out", out, "--once"];
  const refused = await cli([...watch, "--mqtt", "mqtt://user:pass@host/topic"]);
  failsWith(refused, "the address holds a password");
  assert.not.match(refused.stderr, "user:pass");
  failsWith(await cli([...watch, "--webhook", "ftp://host"]), "begins with http");
  failsWith(await cli([...watch, "--webhook-secret", backbone]), "--webhook");
  failsWith(await cli([...watch, "--poll", "soon"]), "give a time");
});

test("a signal ends the watch with what it has sorted", async () => {
  const { from, out } = arrived("signal", good.slice(0, 4));
  const run = await spawnCli(["watch", from, ...model, "--bank", bank, "--out", out], {
    onStart(child) {
      const timer = setInterval(() => {
        if (!existsSync(path.join(out, "ledger")) || readdirSync(path.join(out, "ledger")).length === 0)
          return;
        clearInterval(timer);
        child.kill("SIGTERM");
      }, 20);
      child.on("close", () => clearInterval(timer));
    },
  });
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stderr, /4 parts: /);
  assert.equal(readdirSync(from), []);
});

test.run();
