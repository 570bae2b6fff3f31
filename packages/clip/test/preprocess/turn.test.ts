import { test } from "uvu";
import * as assert from "uvu/assert";
import { type PreparedImage, turnedFrom, turnedViews, turnSquare } from "../../src/index.js";

const TURNS = 8;

const letters = (text: string) => Uint8Array.from(text.replaceAll(/\s/g, ""), (c) => c.charCodeAt(0));
const written = (bytes: Uint8Array) => String.fromCharCode(...bytes);

test("the eight turns of a square, by hand", () => {
  const square = letters("abc def ghi");
  const turned = Array.from({ length: TURNS }, (_, turn) => written(turnSquare(square, 3, 1, turn)));
  assert.equal(turned, [
    "abcdefghi",
    "adgbehcfi", // along the diagonal
    "ghidefabc", // upside down
    "cfibehadg", // a quarter, against the clock
    "cbafedihg", // left and right
    "gdahebifc", // a quarter, with the clock
    "ihgfedcba", // half a turn
    "ifchebgda", // along the other diagonal
  ]);
});

test("channels stay together, and the rest of the target is left alone", () => {
  const target = letters("........");
  turnSquare(letters("aA bB cC dD"), 2, 2, 4, target, 0);
  assert.is(written(target), "bBaAdDcC");
  const wider = letters("-----");
  assert.is(written(turnSquare(letters("abcd"), 2, 1, 2, wider, 1)), "-cdab");
});

test("turnedFrom says where each pixel is from", () => {
  const size = 4;
  const square = Uint8Array.from({ length: size * size }, (_, i) => i);
  for (let turn = 0; turn < TURNS; turn++) {
    const places = Array.from(square, (place) => turnedFrom(turn, place, size));
    assert.equal([...turnSquare(square, size, 1, turn)], places, `turn ${turn}`);
  }
});

test("views keep their size and box, and the first is the view itself", () => {
  const view: PreparedImage = {
    size: 2,
    pixels: letters("aaa bbb ccc ddd"),
    box: { x: 1, y: 2, width: 3, height: 4 },
  };
  assert.equal(turnedViews(view, 1), [view]);
  const all = turnedViews(view, TURNS);
  assert.is(all[0], view);
  assert.is(written(all[6]!.pixels), "dddcccbbbaaa");
  for (const { size, box } of all) assert.equal({ size, box }, { size: 2, box: view.box });
  assert.is(new Set(all.map(({ pixels }) => written(pixels))).size, TURNS);
});

test.run();
