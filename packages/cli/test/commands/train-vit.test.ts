import { mkdirSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { TINY_DINO, writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const model = path.join(folder, "dino/model.safetensors");
test.before(() => {
  mkdirSync(path.dirname(model));
  return writeModel(model, 1, TINY_DINO);
});
test.after(remove);

const env = { INCTRL_CACHE: path.join(folder, "cache") };
const DATA = ["--data", "procedural:3?size=64&train=4&good=2&bad=3", "--category", "metal,wood"];

/** Trains heads of the DINOv2. @returns their file and the command that is printed to score with them. */
async function train(name: string, ...more: string[]) {
  const out = path.join(folder, name);
  const small = ["--shots", "2", "--batch", "6", "--steps", "2", "--epochs", "1", "--out", out];
  const run = await cli(["train", ...DATA, "--backbone", model, ...small, ...more], { env });
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stderr, "without texts");
  const [, use] = /to use them: inctrl (.*) --prompts good\/ --images to-check\/\n/.exec(run.stdout) ?? [];
  return { heads: path.join(out, "heads.safetensors"), use: use.split(" ") };
}

test("heads are trained on a DINOv2 with registers; eval and score use them", async () => {
  const { heads, use } = await train("own");
  const [a, b, c] = writeImages(path.join(folder, "images"), 3);
  const scored = await cli([...use, "--prompts", a, c, "--images", b, "--format", "json"], { env });
  assert.is(scored.code, 0, scored.stderr);
  const [result] = JSON.parse(scored.stdout).results;
  assert.ok(result.image_residual !== null && result.phi > 0 && result.phi < 1, scored.stdout);
  assert.is(result.text, null);
  assert.ok(result.match.patch < 9, "registers are no patches");

  const asked = ["--heads", heads, "--shots", "2", "--seeds", "1"];
  const evaluated = await cli(["eval", ...DATA, "--backbone", model, ...asked], { env });
  assert.is(evaluated.code, 0, evaluated.stderr);
  assert.match(evaluated.stdout, /mean of 2 categories +2 +[01]\.\d{4}/);
});

test("heads of other blocks are used with those blocks and refused with others", async () => {
  const { heads, use } = await train("first", "--blocks", "1,2", "--fit", "squash");
  assert.equal(use.slice(-4), ["--set", "blocks=1,2", "--fit", "squash"]);
  const [a, b, c] = writeImages(path.join(folder, "images"), 3);
  const bank = path.join(folder, "bank.safetensors");
  const score = (...args: string[]) => cli([...args, "--images", b, "--format", "csv"], { env });
  const scored = await score(...use, "--prompts", a, c, "--save-bank", bank);
  assert.is(scored.code, 0, scored.stderr);
  const from = ["score", "--backbone", model, "--heads", heads];
  const again = await score(...from, "--bank", bank);
  assert.is(again.stdout, scored.stdout, "a bank keeps the blocks");
  failsWith(await score(...from, "--prompts", a, c), 'trained on the blocks "1,2"', "2, 3 are compared");
});

test.run();
