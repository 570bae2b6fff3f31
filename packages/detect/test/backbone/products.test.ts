import { findConfig } from "@inctrl/clip";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { towerProducts } from "../../src/backbone/products.js";

test("the products of ViT-B-16-plus-240 for one image and 4 prompts, by hand", () => {
  // 15 x 15 patches of 16 pixels, width 896, MLP 3584, 12 blocks that all have the same products.
  const products = towerProducts(findConfig("ViT-B-16-plus-240"), [1], 4);
  assert.is(
    products.map((sizes) => sizes.join("x")).join(" "),
    "225x768x896 226x896x2688 226x896x896 226x896x3584 226x3584x896 225x896x900",
  );
});

test("a batch multiplies rows alone", () => {
  const config = findConfig("ViT-B-16-plus-240");
  const [one, three] = [towerProducts(config, [1], 2), towerProducts(config, [3], 2)];
  assert.equal(
    three,
    one.map(([rows, inner, columns]) => [3 * rows, inner, columns]),
  );
  assert.equal(towerProducts(config, [1, 3], 2), [...one, ...three]);
});

test.run();
