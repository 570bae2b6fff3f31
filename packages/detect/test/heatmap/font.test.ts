import { test } from "uvu";
import * as assert from "uvu/assert";
import { Canvas } from "../../src/heatmap/canvas.js";
import { drawText, fitText, textWidth } from "../../src/heatmap/font.js";
import { GLYPHS } from "../../src/heatmap/glyphs.js";

function draw(text: string): Uint8Array {
  const picture = new Canvas(60, 40);
  drawText(picture, text, 10, 10, 12, [0, 0, 0]);
  return picture.data;
}

test("every glyph is well formed, drawn, and unlike any other", () => {
  const seen = new Map<string, string>();
  for (const [character, strokes] of Object.entries(GLYPHS)) {
    assert.match(strokes, /^([~o]?([0-6][0-8])+( |$))*$/, character);
    const picture = draw(character).join();
    assert.is(seen.get(picture), undefined, `"${character}" looks like "${seen.get(picture)}"`);
    seen.set(picture, character);
  }
  for (let code = 48; code < 123; code++) {
    const character = String.fromCharCode(code);
    if (/[A-Za-z0-9]/.test(character)) assert.ok(character in GLYPHS, character);
  }
});

test("a character the font lacks is a question mark, and text may leave the picture", () => {
  assert.equal(draw("\u00e9"), draw("?"));
  const picture = new Canvas(4, 4);
  drawText(picture, "wide text", -20, -5, 30, [0, 0, 0]);
});

test("text is as wide as said, and shortened in the middle to fit", () => {
  const name = "a-very-long-file-name-of-camera-7-000123.png";
  assert.is(textWidth("", 12), 0);
  assert.is(textWidth(name, 24), 2 * textWidth(name, 12));
  const short = fitText(name, 12, 150);
  assert.ok(textWidth(short, 12) <= 150 && short.length > 10);
  assert.match(short, /^a-very.*\.\.\..*\.png$/);
  assert.is(fitText("abc", 12, 500), "abc");
  assert.is(fitText(name, 12, 1), "");
});

test.run();
