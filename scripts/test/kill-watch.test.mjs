import { test } from "uvu";
import * as assert from "uvu/assert";
import { killWatches } from "../testing/kill-watch.mjs";

test("a watched folder that is killed loses and doubles nothing", async () => {
  assert.equal(await killWatches(3, { seed: 7 }), []);
});

test.run();
