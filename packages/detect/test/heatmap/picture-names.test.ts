import { test } from "uvu";
import * as assert from "uvu/assert";
import { pictureNames } from "../../src/heatmap/picture-names.js";

test("different images keep their own names", () => {
  assert.equal(pictureNames(["a/1.png", "b/2.jpg"]), ["1", "2"]);
});

test("equal names get the folder's name, then a number", () => {
  assert.equal(pictureNames(["a/1.png", "b/1.png", "b/2.png"]), ["a-1", "b-1", "2"]);
  assert.equal(pictureNames(["x/a/1.png", "y/a/1.png", "y/a/1.jpg"]), ["a-1", "a-1-2", "a-1-3"]);
});

test("upper and lower case count as equal, and made names do not collide with real ones", () => {
  assert.equal(pictureNames(["a/P.png", "b/p.png"]), ["a-P", "b-p"]);
  const names = pictureNames(["a/1.png", "b/1.png", "c/a-1.png", "a-1.png"]);
  assert.is(new Set(names).size, 4);
});

test("bytes that are no UTF-8 stay apart", () => {
  assert.equal(pictureNames(["a/\udce9.png", "a/\udce8.png", "a/\u{1f4f7}.png"]), [
    "%E9",
    "%E8",
    "\u{1f4f7}",
  ]);
});

test("the same image twice still has two names", () => {
  assert.equal(pictureNames(["a/1.png", "a/1.png"]), ["a-1", "a-1-2"]);
});

test.run();
