import { findConfig } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { towerOperations, towerProducts, windowOperations } from "../src/towers.js";

test("a whole pass of ViT-B-16-plus-240 is 54.8 GFLOP, of which the last block's patches are not needed", () => {
  const config = findConfig("ViT-B-16-plus-240");
  const { width, mlpWidth } = config.vision;
  const tokens = 226;
  const patches = tokens - 1;
  const unused = 2 * patches * (width * width + 2 * width * mlpWidth) + 4 * width * patches * tokens;
  const whole = towerOperations(config) + unused;
  assert.ok(Math.abs(whole / 1e9 - 54.8) < 0.05, `${whole / 1e9} GFLOP`);
});

test("a tower's products are its matrices, each as often as it is used", () => {
  const products = towerProducts(findConfig("deit_tiny_patch16_224"));
  const values = products.reduce((sum, { k, n, count }) => sum + k * n * count, 0);
  // 12 blocks of 12 width^2 and the patch embedding; there is no projection.
  assert.is(values, 12 * 12 * 192 ** 2 + 768 * 192);
});

test("windows of ViT-B-16-plus-240 take 10.5 passes beside the image's own", () => {
  const config = findConfig("ViT-B-16-plus-240");
  // 617 GFLOP in linear layers and 1 in attention, less what one token shares and what only class tokens need.
  const passes = windowOperations(config) / 54.8e9;
  assert.ok(passes > 10.3 && passes < 10.7, `${passes}`);
});

test.run();
