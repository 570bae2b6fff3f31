import type { PreparedImage } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { symmetricIndex, symmetricPixels, symmetricView } from "../../src/images/symmetries.js";

const SYMMETRIES = 8;

const letters = (text: string) => Uint8Array.from(text.replaceAll(/\s/g, ""), (c) => c.charCodeAt(0));
const side = (size: number) => ({ width: size, height: size });
const written = (bytes: Uint8Array | Float32Array) => String.fromCharCode(...bytes);

test("the eight symmetries of a square, by hand", () => {
  const square = letters("abc def ghi");
  const shown = Array.from({ length: SYMMETRIES }, (_, symmetry) =>
    written(symmetricPixels(square, side(3), 1, symmetry)),
  );
  assert.equal(shown, [
    "abcdefghi",
    "adgbehcfi", // along the diagonal
    "ghidefabc", // upside down
    "cfibehadg", // a quarter, against the clock
    "cbafedihg", // left and right
    "gdahebifc", // a quarter, with the clock
    "ihgfedcba", // half a symmetry
    "ifchebgda", // along the other diagonal
  ]);
});

test("channels stay together, and the rest of the target is left alone", () => {
  const target = letters("........");
  symmetricPixels(letters("aA bB cC dD"), side(2), 2, 4, target, 0);
  assert.is(written(target), "bBaAdDcC");
  const wider = letters("-----");
  assert.is(written(symmetricPixels(letters("abcd"), side(2), 1, 2, wider, 1)), "-cdab");
});

test("symmetricIndex names the pixel that each place shows", () => {
  const size = { width: 4, height: 3 };
  const picture = Uint8Array.from({ length: 12 }, (_, i) => i);
  for (let symmetry = 0; symmetry < SYMMETRIES; symmetry++) {
    const places = Array.from(picture, (place) => symmetricIndex(symmetry, place, size));
    assert.equal([...symmetricPixels(picture, size, 1, symmetry)], places, `symmetry ${symmetry}`);
  }
});

test("views keep their box and turn their size, and the first is the view itself", () => {
  const view: PreparedImage = {
    ...{ width: 3, height: 1 },
    pixels: letters("aaa bbb ccc"),
    box: { x: 1, y: 2, width: 3, height: 4 },
  };
  const all = Array.from({ length: SYMMETRIES }, (_, symmetry) => symmetricView(view, symmetry));
  assert.is(all[0], view);
  assert.is(written(all[6].pixels), "cccbbbaaa");
  for (const [symmetry, { width, height, box }] of all.entries())
    assert.equal([width, height, box], [...(symmetry & 1 ? [1, 3] : [3, 1]), view.box]);
  assert.equal(
    all.map(({ pixels }) => written(pixels.filter((_, i) => i % 3 === 0))).join(" "),
    "abc abc abc cba cba abc cba cba",
  );
});

test.run();
