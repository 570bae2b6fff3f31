import { findConfig } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseBatch } from "../../src/backbone/batch.js";

const MIB = 2 ** 20;
const caps = (software: boolean, maxBindingBytes = 2 ** 31, maxBufferBytes = 2 ** 31) => ({
  software,
  maxBindingBytes,
  maxBufferBytes,
});
const full = findConfig("ViT-B-16-plus-240");
const tiny = findConfig("vit_tiny_patch16_224");

test("eight on a CPU, more on a graphics card", () => {
  assert.is(chooseBatch(caps(true), full), 8);
  assert.is(chooseBatch(caps(true), tiny), 8);
  assert.is(chooseBatch(caps(false), tiny), 64);
  const large = chooseBatch(caps(false), full);
  assert.ok(large > 32 && large <= 64, `${large}`);
});

test("no activation is larger than a binding or a buffer", () => {
  const widest = 4 * 226 * 3584;
  for (const most of [10, 8, 3, 1]) {
    const bytes = most * widest + 100;
    assert.is(chooseBatch(caps(false, bytes), full), most);
    assert.is(chooseBatch(caps(false, 2 ** 31, bytes), full), most);
  }
  assert.is(chooseBatch(caps(false, widest / 2), full), 1, "one image is always tried");
});

test("larger images make smaller batches", () => {
  const vision = { ...full.vision, imageSize: 960 };
  const batch = chooseBatch(caps(true, 128 * MIB), { ...full, vision });
  assert.ok(batch >= 1 && batch < 8, `${batch}`);
});

test.run();
