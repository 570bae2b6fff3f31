import { findConfig } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseBatch } from "../../src/backbone/batch.js";

const MIB = 2 ** 20;
const of = (
  software: boolean,
  maxBindingBytes = 2 ** 31,
  maxBufferBytes = 2 ** 31,
  flop = Number.POSITIVE_INFINITY,
) => ({ caps: { software, maxBindingBytes, maxBufferBytes }, pace: { flop } });
const full = findConfig("ViT-B-16-plus-240");
const tiny = findConfig("vit_tiny_patch16_224");

test("eight on a CPU, more on a graphics card", () => {
  assert.is(chooseBatch(of(true), full), 8);
  assert.is(chooseBatch(of(true), tiny), 8);
  assert.is(chooseBatch(of(false), tiny), 64);
  const large = chooseBatch(of(false), full);
  assert.ok(large > 32 && large <= 64, `${large}`);
});

test("no activation is larger than a binding or a buffer", () => {
  const widest = 4 * 226 * 3584;
  for (const most of [10, 8, 3, 1]) {
    const bytes = most * widest + 100;
    assert.is(chooseBatch(of(false, bytes), full), most);
    assert.is(chooseBatch(of(false, 2 ** 31, bytes), full), most);
  }
  assert.is(chooseBatch(of(false, widest / 2), full), 1, "one image is always tried");
});

test("the largest product of a batch keeps a slow GPU busy for no longer than it may", () => {
  const image = 2 * 226 * 896 * 3584;
  for (const images of [1, 5, 20]) {
    assert.is(chooseBatch(of(false, undefined, undefined, images * image + 1), full), images);
  }
  assert.is(chooseBatch(of(false, undefined, undefined, image / 2), full), 1, "one image is always tried");
});

test("larger images make smaller batches", () => {
  const vision = { ...full.vision, imageSize: 960 };
  const batch = chooseBatch(of(true, 128 * MIB), { ...full, vision });
  assert.ok(batch >= 1 && batch < 8, `${batch}`);
});

test.run();
