import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { decodeImage } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, spawnCli, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
const good = path.join(folder, "good");
const parts = path.join(folder, "parts");
const bank = path.join(folder, "part.bank.safetensors");
const prompts = writeImages(good, 6);
const images = writeImages(parts, 5, 6);
writeFileSync(path.join(parts, "bad.png"), "a text file, whatever its name says");
writeFileSync(path.join(parts, "notes.txt"), "a text file");

test.before(() => writeModel(backbone));
test.after(remove);

/** A run over 3000 images, which takes long enough to be stopped. */
const manyAs = (format: string): string[] => [
  ...["score", "--backbone", backbone, "--prompts", good, "--shots", "1", "--format", format],
  ...["--images", ...Array.from({ length: 3000 }, (_, i) => images[i % 5])],
];

const score = (...args: string[]) => cli(["score", "--backbone", backbone, ...args]);

test("a bad image is named, skipped and counted in the JSON document, and a bank scores the same", async () => {
  const made = ["--prompts", good, "--shots", "3", "--images", parts, "--save-bank", bank];
  const run = await score(...made, "--format", "json");
  assert.is(run.code, 2, run.stderr);
  const document = JSON.parse(run.stdout);
  assert.is(document.shots, 3);
  assert.equal(document.prompts, prompts.slice(0, 3));
  assert.equal([document.fit, document.turns], ["crop", 1]);
  assert.equal([document.scored, document.skipped, document.complete], [5, 1, true]);
  assert.equal(
    document.results.map((result: { image: string }) => result.image),
    images,
  );
  for (const result of document.results) {
    assert.ok(result.score > 0 && result.score < 1, `${result.score}`);
    assert.is(result.score, result.residual);
    assert.equal([result.image_residual, result.text, result.phi], [null, null, null]);
    assert.ok(document.prompts.includes(result.match.prompt));
    assert.ok(result.match.patch >= 0 && result.match.patch < 16);
    assert.ok(result.match.query_patch >= 0 && result.match.query_patch < 16);
  }
  const reason = "this is a text file, not an image";
  assert.equal(document.left_out, { count: 1, files: [{ file: path.join(parts, "notes.txt"), reason }] });
  const lines = warnings(run);
  assert.is(lines.length, 2);
  assert.match(lines[0], /1 left out: .*notes\.txt \(this is a text file/);
  assert.match(lines[1], /skipped .*bad\.png: this is a text file/);

  const reversed = ["--bank", bank, "--images", ...images.toReversed()];
  const again = await score(...reversed, "--format", "jsonl", "--batch", "1");
  assert.is(again.code, 0, again.stderr);
  const rows = again.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line))
    .reverse();
  assert.is(rows.length, 5);
  for (const [i, row] of rows.entries()) {
    assert.ok(Math.abs(row.score - document.results[i].score) < 1e-5, `${row.score}`);
    assert.is(row.match.prompt, document.results[i].match.prompt);
  }
});

test("symmetries of the prompts only lower scores, and the document states them", async () => {
  const args = ["--prompts", good, "--images", ...images, "--format", "json"];
  const [plain, turned] = await Promise.all([score(...args), score(...args, "--symmetries", "8")]);
  const [before, after] = [plain, turned].map((run) => JSON.parse(run.stdout));
  assert.equal([before.turns, after.turns], [1, 8]);
  assert.is(after.results.length, images.length);
  after.results.forEach((result: { score: number }, i: number) => {
    assert.ok(result.score <= before.results[i].score + 1e-6);
  });
  assert.ok(
    after.results.some(
      (result: { score: number }, i: number) => result.score < before.results[i].score - 1e-3,
    ),
  );
});

test("drawn prompts repeat with their seed", async () => {
  const drawn = async () => {
    const run = await score(
      ...["--prompts", good, "--shots", "2", "--seed", "7", "--images", images[0], "--format", "json"],
    );
    return JSON.parse(run.stdout).prompts;
  };
  const first = await drawn();
  assert.is(first.length, 2);
  assert.equal(await drawn(), first);
});

test("heat maps and panels of tiled images go to a new folder, each under a name of its own", async () => {
  const maps = path.join(folder, "deep/maps");
  const other = path.join(folder, "other");
  mkdirSync(other);
  const [twin] = writeImages(other, 1, 6);
  const out = path.join(folder, "table.txt");
  const run = await score(
    ...["--prompts", good, "--shots", "2", "--images", images[0], images[1], twin],
    ...["--fit", "tile", "--heatmaps", maps, "--out", out],
  );
  assert.is(run.code, 0, run.stderr);
  assert.is(run.stdout, "");
  assert.is(readFileSync(out, "utf8").trimEnd().split("\n").length, 4);
  assert.equal(
    readdirSync(maps).sort(),
    ["007", "other-006", "parts-006"].flatMap((name) => [`${name}.heatmap.png`, `${name}.panel.png`]),
  );
  const heatmap = await decodeImage(path.join(maps, "007.heatmap.png"));
  assert.is(heatmap.height, 64);
  assert.ok(heatmap.width > 64, "has a legend");
  assert.match(run.stderr, "heat maps of 3 images");
});

test("images that are prompts too are pointed out once", async () => {
  const run = await score("--prompts", good, "--images", good, "--format", "csv");
  assert.is(run.code, 0, run.stderr);
  assert.is(run.stdout.trimEnd().split("\n").length, 7);
  assert.is(warnings(run).length, 1);
  assert.match(warnings(run)[0], "6 images to score are also prompts");
});

test("Ctrl-C closes the document, keeps what was scored, and exits with 130", async () => {
  let pressed = false;
  const run = await spawnCli(manyAs("json"), {
    onOutput(child, stdout) {
      if (pressed || stdout.split("\n").length < 10) return;
      pressed = true;
      child.kill("SIGINT");
    },
  });
  assert.is(run.code, 130, run.stderr);
  const document = JSON.parse(run.stdout);
  assert.is(document.complete, false);
  assert.is(document.scored, document.results.length);
  assert.ok(document.scored >= 8 && document.scored < 3000, `${document.scored}`);
  assert.match(run.stderr, "stopping: finishing what is in hand");
  assert.not.match(run.stderr, /^ +at /m);
});

test("a reader that closes the pipe ends the run quietly", async () => {
  const run = await spawnCli(manyAs("jsonl"), { onOutput: (child) => child.stdout!.destroy() });
  assert.is(run.code, 141, run.stderr);
  assert.equal(warnings(run), []);
});

test("no temporary file is left", () => {
  const left = readdirSync(folder, { recursive: true }).filter((name) => `${name}`.endsWith(".tmp"));
  assert.equal(left, []);
  assert.ok(existsSync(bank));
});

test.run();
