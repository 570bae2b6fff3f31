import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { openSafetensors } from "@inctrl/tensor";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeImages } from "../support/model.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

const model = path.join(folder, "model.json");
writeFileSync(
  model,
  JSON.stringify({
    embed_dim: 16,
    vision_cfg: { image_size: 16, patch_size: 8, width: 16, layers: 2, head_width: 8 },
    text_cfg: { context_length: 40, width: 16, layers: 1, heads: 2 },
    out_blocks: [1],
  }),
);
const SMALL = ["pretrain", "--model", model, "--merges", "60", "--batch", "8", "--pool", "7"];
const SCHEDULE = ["--steps", "4", "--warm-up", "1", "--cool-down", "2", "--save-every", "2"];
const file = (out: string, name: string) => readFileSync(path.join(folder, out, name));

test("it writes a backbone, and a resumed run gives the same bytes", async () => {
  const out = (name: string) => ["--out", path.join(folder, name)];
  const whole = await cli([...SMALL, ...SCHEDULE, ...out("whole")]);
  assert.is(whole.code, 0, whole.stderr);
  const [, hint = ""] = whole.stdout.match(/^to use it: inctrl (.*?) --prompts/m) ?? [];
  const { logit_scale: scale } = JSON.parse(file("whole", "config.json").toString()).text_cfg;
  assert.ok(scale > 10 && scale < 20, `${scale}: CLIP's begins at 14.3`);
  const images = path.join(folder, "good");
  writeImages(images, 2);
  const scored = await cli([...hint.split(" "), "--prompts", images, "--images", images]);
  assert.is(scored.code, 0, scored.stderr);
  assert.match(whole.stderr, /step 4: retrieval [01]\.\d{3}; never trained on: AUROC [01]\.\d{4} by text/);
  // Like a run killed after the checkpoint of step 2, whose schedule then grows.
  const half = await cli([
    ...SMALL,
    ...out("parts"),
    "--steps",
    "2",
    "--warm-up",
    "1",
    "--cool-down",
    "0",
    "--resume",
  ]);
  assert.is(half.code, 0, half.stderr);
  const rest = await cli([...SMALL, ...SCHEDULE, ...out("parts"), "--resume"]);
  assert.is(rest.code, 0, rest.stderr);
  assert.match(rest.stderr, "going on after step 2");
  for (const name of ["model.safetensors", "config.json", "merges.txt", "checkpoint.safetensors"])
    assert.ok(file("whole", name).equals(file("parts", name)), name);
  assert.ok(existsSync(path.join(folder, "whole/loss.svg")));
  const steps = file("parts", "metrics.jsonl")
    .toString()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(
    steps.filter(({ loss }) => loss !== undefined).map(({ step }) => step),
    [1, 2, 3, 4],
  );
});

test("it starts from trained weights, at another image size too, and refuses those of another model", async () => {
  const trained = path.join(folder, "whole/model.safetensors");
  const another = ["--seed", "1", "--image-size", "24"];
  const still = ["--steps", "1", "--warm-up", "0", "--cool-down", "0", "--lr", "0", "--weight-decay", "0"];
  const run = await cli([
    ...SMALL,
    ...still,
    ...another,
    "--from",
    trained,
    "--out",
    path.join(folder, "again"),
  ]);
  assert.is(run.code, 0, run.stderr);
  const [before, after] = await Promise.all(
    ["whole", "again"].map(async (name) => {
      const weights = await openSafetensors(path.join(folder, name, "model.safetensors"));
      const values = await weights.readFloat32("visual.conv1.weight");
      await weights.close();
      return values;
    }),
  );
  assert.equal(after, before);
  assert.is(JSON.parse(file("again", "config.json").toString()).vision_cfg.image_size, 24);
  const again = path.join(folder, "again");
  const other = ["--from", path.join(again, "model.safetensors")];
  failsWith(await cli([...SMALL, ...still, ...another, ...other, "--out", again, "--resume"]), "from");
  assert.ok(
    file("whole", "merges.txt").equals(file("again", "merges.txt")),
    "the vocabulary is the weights' own",
  );
  const wider = path.join(folder, "wider.json");
  writeFileSync(wider, readFileSync(model, "utf8").replace('"embed_dim":16', '"embed_dim":24'));
  failsWith(
    await cli([...SMALL, ...still, "--model", wider, "--from", trained, "--out", path.join(folder, "other")]),
    "visual.proj",
  );
  mkdirSync(path.join(folder, "bare"));
  copyFileSync(trained, path.join(folder, "bare/model.safetensors"));
  failsWith(
    await cli([...SMALL, ...still, "--from", path.join(folder, "bare/model.safetensors")]),
    "merges.txt",
  );
});

test("a training whose loss is no number names the last good checkpoint", async () => {
  const wild = ["--steps", "3", "--warm-up", "0", "--cool-down", "0", "--save-every", "1", "--lr", "1e30"];
  const { code, stderr } = await cli([...SMALL, ...wild, "--out", path.join(folder, "wild")]);
  assert.is(code, 1);
  assert.match(
    stderr,
    /step 2: the loss is NaN; .*the last good checkpoint is .*checkpoint\.safetensors, after step 1/,
  );
});

test("a batch that is no multiple of the group is refused", async () => {
  for (const args of [
    ["--batch", "6"],
    ["--group", "10"],
  ])
    failsWith(await cli(["pretrain", ...args]), "--batch: give a multiple of --group");
});

test("a file that is no model configuration is refused by name", async () => {
  const other = path.join(folder, "other.json");
  writeFileSync(other, "{}");
  failsWith(await cli(["pretrain", "--model", other]), "other.json", "vision_cfg");
});

test.run();
