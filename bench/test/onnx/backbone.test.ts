import { createRequire } from "node:module";
import { openNetwork } from "@inctrl/baselines";
import { Encoder, fitImages, scoreImages } from "@inctrl/detect";
import { Heads, inctrl, residual, shippedHeads } from "@inctrl/inctrl";
import { findRuntime, onRuntime } from "@inctrl/onnx";
import { openDevice } from "@inctrl/tensor";
import { randomImage } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";

/** What is promised. */
const TOLERANCE = 1e-4;
const NANO = "nano";

test("nano on onnxruntime scores as on our engine, at any batch, and is told apart", async () => {
  const runtime = findRuntime(createRequire(import.meta.url));
  if (!runtime) return console.log("skipped: onnxruntime-node is not installed");
  const device = await openDevice();
  const ours = await openNetwork(device, NANO);
  const theirs = await onRuntime(await openNetwork(device, NANO), NANO, { runtime });
  assert.match(theirs.name, /^nano on onnxruntime \d/);
  assert.is.not(theirs.fingerprint, ours.fingerprint);
  const scoresOf = async (backbone: typeof ours, batch?: number) => {
    using fitted = await fitImages(residual(new Encoder(backbone, { batch })), [randomImage(1, 240)]);
    const scores: number[] = [];
    for await (const result of scoreImages(
      fitted,
      [2, 3, 4].map((seed) => randomImage(seed, 240)),
    ))
      if (!("error" in result)) scores.push(result.score);
    return scores;
  };
  const [want, got, together] = [await scoresOf(ours), await scoresOf(theirs), await scoresOf(theirs, 3)];
  assert.is(got.length, 3);
  for (const [i, score] of got.entries())
    assert.ok(Math.abs(score - want[i]) <= TOLERANCE, `${score}, ${want[i]}`);
  assert.equal(together, got);
  using heads = await Heads.load(shippedHeads(NANO)!, device);
  inctrl(new Encoder(theirs), { heads, components: ["P"] });
  ours.dispose();
  theirs.dispose();
  device.close();
});

test.run();
