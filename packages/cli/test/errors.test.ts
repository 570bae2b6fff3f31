import { ClipError } from "@inctrl/clip";
import { ImageError, oneLine, skippedBy } from "@inctrl/datasets";
import { DetectError, TrainingError, type TrainingErrorCode } from "@inctrl/detect";
import { InctrlError, type InctrlErrorCode } from "@inctrl/inctrl";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { skippedText } from "../src/datasets/open.js";
import { describe } from "../src/errors.js";

test("errors are one line without control characters", () => {
  assert.is(oneLine("a\nb\u001b[31m\u009b\u202e\r\n"), "a\\nb\\u001b[31m\\u009b\\u202e");
  const full = Object.assign(new Error("ENOSPC: no space left on device, write"), {
    code: "ENOSPC",
    path: "x",
  });
  assert.is(describe(full), "x: the disk is full; free some space or write elsewhere");
  assert.match(describe(new TypeError("boom")), /^unexpected: boom; DEBUG=1 shows where/);
  assert.match(describe("thrown text"), "thrown text");
});

const inctrl = (code: string, message: string) => describe(new InctrlError(code as InctrlErrorCode, message));
const training = (code: string) => describe(new TrainingError(code as TrainingErrorCode, "what is wrong"));

test("an error's code adds the option that mends it to a library's message", () => {
  for (const [code, hint] of [
    ["checkpoint", "leave --resume out to begin again, or choose another --out"],
    ["steps", "raise --epochs"],
    ["diverged", "lower --lr"],
  ] as const) {
    assert.is(training(code), `what is wrong; ${hint}`);
  }
  const pull = 'run "inctrl models pull clip-vocabulary" or give its file with --vocabulary';
  assert.is(inctrl("vocabulary", "no words"), `no words; ${pull}`);
  assert.is(describe(new DetectError("bank", "no bank")), "no bank; make one with --save-bank");
  assert.is(describe(new DetectError("cache-limit", "too small")), "too small; raise --cache-limit");
  const tiles = new ClipError("tiles" as ClipError["code"], "image: too long to be tiled");
  assert.is(
    describe(tiles),
    "image: too long to be tiled; use --fit crop or --fit squash, or another --tile",
  );
});

test("a file that is left out is said with the option that mends it", () => {
  const big = skippedBy("a.png", new ImageError("too-large", "a.png", "9 x 9 pixels", "shrink it"));
  assert.is(skippedText(big), "a.png: 9 x 9 pixels; shrink it; --max-megapixels allows it");
  assert.is(skippedText(skippedBy("b.png", new Error("odd"))), "b.png: odd");
});

test("a message stays as it is where its class has no hint for its code", () => {
  assert.is(inctrl("shots", "give more prompts"), "give more prompts");
  assert.is(inctrl("constructor", "odd"), "odd");
  assert.is(describe(new ClipError("bank" as ClipError["code"], "no bank of ours")), "no bank of ours");
});

test.run();
