import { readdirSync } from "node:fs";
import path from "node:path";
import { auroc } from "@inctrl/detect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, shared } from "../support/cli.js";

test("DeiT-Tiny with 4 prompts on BrainMRI has an AUROC of 0.7999, as with PyTorch", async () => {
  const weights = shared("weights/deit-tiny-patch16-224/model.safetensors");
  const data = shared("data/brainmri");
  if (!weights || !data) return;
  const list = (kind: string) =>
    readdirSync(path.join(data, kind))
      .sort()
      .map((name) => path.join(data, kind, name));
  const normal = list("no");
  const images = [...normal.slice(4), ...list("yes")];
  const prompts = ["--prompts", path.join(data, "no"), "--shots", "4"];
  const run = await cli([
    "score",
    "--backbone",
    weights,
    ...prompts,
    "--images",
    ...images,
    "--format",
    "jsonl",
  ]);
  assert.is(run.code, 0, run.stderr);
  const rows: { image: string; score: number }[] = run.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.is(rows.length, images.length);
  const labels = rows.map(({ image }) => (path.basename(path.dirname(image)) === "yes" ? 1 : 0));
  const area = auroc(
    labels,
    rows.map(({ score }) => score),
  );
  assert.ok(Math.abs(area! - 0.7999) <= 0.002, `${area}`);
});

test.run();
