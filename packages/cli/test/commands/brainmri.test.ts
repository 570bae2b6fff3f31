import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { auroc } from "@inctrl/detect";
import { maxError } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, shared } from "../support/cli.js";

/** Scores of all images in the order of their names, normal ones first, as this command gave them. */
const SCORES: number[] = JSON.parse(readFileSync(new URL("brainmri.json", import.meta.url), "utf8"));
/** Every fifth image is scored here, and all of them with INCTRL_TEST_ALL=1. */
const EVERY = process.env.INCTRL_TEST_ALL ? 1 : 5;

test("DeiT-Tiny with 4 prompts on BrainMRI has an AUROC of 0.7999, as with PyTorch", async () => {
  const weights = shared("weights/deit-tiny-patch16-224/model.safetensors");
  const data = shared("data/brainmri");
  if (!weights || !data) return;
  const list = (kind: string) =>
    readdirSync(path.join(data, kind))
      .sort()
      .map((name) => path.join(data, kind, name));
  const normal = list("no").slice(4);
  const images = [...normal, ...list("yes")];
  const area = auroc(
    images.map((_, i) => (i < normal.length ? 0 : 1)),
    SCORES,
  );
  assert.ok(Math.abs(area! - 0.7999) <= 0.002, `${area}`);

  const chosen = [...images.keys()].filter((i) => i % EVERY === 0);
  const run = await cli([
    ...["score", "--backbone", weights, "--prompts", path.join(data, "no"), "--shots", "4"],
    ...["--images", ...chosen.map((i) => images[i]), "--format", "jsonl"],
  ]);
  assert.is(run.code, 0, run.stderr);
  const scores = run.stdout
    .trimEnd()
    .split("\n")
    .map((line): number => JSON.parse(line).score);
  const error = maxError(
    scores,
    chosen.map((i) => SCORES[i]),
  );
  assert.ok(error < 1e-4, `${error}`);
});

test.run();
