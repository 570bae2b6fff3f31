import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawnHashes, GOLDEN } from "./golden/hashes.js";

test("every class, family and caption is drawn as it was when the shipped network was trained", () => {
  const want = JSON.parse(readFileSync(GOLDEN, "utf8"));
  const found = drawnHashes();
  assert.equal(Object.keys(found), Object.keys(want));
  const changed = Object.keys(want).filter((name) => found[name] !== want[name]);
  assert.equal(changed, [], `drawn differently: ${changed.join(", ")}`);
});

test.run();
