import type { PreparedImage } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { symmetricIndex, symmetricSquare, symmetricView } from "../../src/images/symmetries.js";

const SYMMETRIES = 8;

const letters = (text: string) => Uint8Array.from(text.replaceAll(/\s/g, ""), (c) => c.charCodeAt(0));
const written = (bytes: Uint8Array) => String.fromCharCode(...bytes);

test("the eight symmetries of a square, by hand", () => {
  const square = letters("abc def ghi");
  const shown = Array.from({ length: SYMMETRIES }, (_, symmetry) =>
    written(symmetricSquare(square, 3, 1, symmetry)),
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
  symmetricSquare(letters("aA bB cC dD"), 2, 2, 4, target, 0);
  assert.is(written(target), "bBaAdDcC");
  const wider = letters("-----");
  assert.is(written(symmetricSquare(letters("abcd"), 2, 1, 2, wider, 1)), "-cdab");
});

test("symmetricIndex names the pixel that each place shows", () => {
  const size = 4;
  const square = Uint8Array.from({ length: size * size }, (_, i) => i);
  for (let symmetry = 0; symmetry < SYMMETRIES; symmetry++) {
    const places = Array.from(square, (place) => symmetricIndex(symmetry, place, size));
    assert.equal([...symmetricSquare(square, size, 1, symmetry)], places, `symmetry ${symmetry}`);
  }
});

test("views keep their size and box, and the first is the view itself", () => {
  const view: PreparedImage = {
    size: 2,
    pixels: letters("aaa bbb ccc ddd"),
    box: { x: 1, y: 2, width: 3, height: 4 },
  };
  const all = Array.from({ length: SYMMETRIES }, (_, symmetry) => symmetricView(view, symmetry));
  assert.is(all[0], view);
  assert.is(written(all[6].pixels), "dddcccbbbaaa");
  for (const { size, box } of all) assert.equal({ size, box }, { size: 2, box: view.box });
  assert.is(new Set(all.map(({ pixels }) => written(pixels))).size, SYMMETRIES);
});

test.run();
