import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages } from "../support/model.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

const out = path.join(folder, "out");
const env = { INCTRL_CACHE: path.join(folder, "cache") };
const SMALL = [
  ...["train", "--data", "procedural:3?size=64&train=4&good=2&bad=3", "--category", "metal,wood,leather"],
  ...["--hold-out", "wood", "--shots", "2", "--batch", "6", "--steps", "3", "--out", out],
];

test("without a backbone it trains nano's heads on drawn products, and the printed command scores with them", async () => {
  const run = await cli([...SMALL, "--epochs", "1", "--score-alpha", "3"], { env });
  assert.is(run.code, 0, run.stderr);
  assert.match(run.stdout, `heads: ${path.join(out, "heads.safetensors")}`);
  assert.match(run.stdout, /loss 0\.\d{4} at first, 0\.\d{4} at last/);
  assert.match(run.stdout, /AUROC [01]\.\d{4} {2}\(mean of wood, never trained on; s_p alone [01]\.\d{4}\)/);
  assert.match(run.stderr, "18 images (6 anomalous) of 2 categories, 1 more held out; with texts");
  assert.match(run.stderr, /epoch 1: AUROC/);
  const metrics = readFileSync(path.join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  assert.is(metrics.length, 4, "three steps and an epoch");
  const fields = ["step", "epoch", "loss", "L_h", "L_IRL", "lr", "rate", "sum"];
  assert.equal(Object.keys(JSON.parse(metrics[0])), fields);
  for (const name of ["checkpoint.safetensors", "loss.svg"])
    assert.ok(existsSync(path.join(out, name)), name);
  assert.ok(existsSync(path.join(folder, "cache/features")));

  const [, hint] = run.stdout.match(/to use them: inctrl (.*) --prompts good\/ --images to-check\/\n/) ?? [];
  const images = writeImages(path.join(folder, "images"), 4);
  const scored = await cli([
    ...hint.split(" "),
    "--prompts",
    images[0],
    images[2],
    "--images",
    images[1],
    "--format",
    "json",
  ]);
  assert.is(scored.code, 0, scored.stderr);
  const { alpha, results } = JSON.parse(scored.stdout);
  const [result] = results;
  assert.is(alpha, 3, "the heads remember it");
  assert.ok(Math.abs(result.score - (result.phi + 3 * result.residual) / 4) < 1e-6);
  assert.ok(result.phi > 0 && result.phi < 1 && result.image_residual !== null, scored.stdout);
});

test("--resume continues with more epochs, or starts where there is no checkpoint", async () => {
  const more = await cli([...SMALL, "--epochs", "2", "--resume"], { env });
  assert.is(more.code, 0, more.stderr);
  assert.match(more.stderr, "going on after step 3");
  const fresh = path.join(folder, "fresh");
  const begun = await cli([...SMALL, "--epochs", "2", "--resume", "--out", fresh], { env });
  assert.is(begun.code, 0, begun.stderr);
  assert.match(begun.stderr, "no checkpoint yet");
  const heads = [out, fresh].map((each) => readFileSync(path.join(each, "heads.safetensors")));
  assert.ok(heads[0].equals(heads[1]), "the same bytes either way");
});

test("wrong settings are refused in one line each, before anything slow", async () => {
  const config = path.join(folder, "train.yaml");
  writeFileSync(config, "epoch: 3\n");
  for (const [args, ...words] of [
    [["--config", config], 'no setting is called "epoch"; did you mean "epochs"?'],
    [["--hold-out", "woood"], 'hold-out "woood": there is no such category', "leather, metal, wood"],
    [["extra"], "too many arguments"],
  ] as const) {
    const outcome = await cli([...SMALL, ...args, "--out", path.join(folder, "never")], { env });
    failsWith(outcome, ...words);
    assert.is(warnings(outcome).length, 1);
  }
});

test.run();
