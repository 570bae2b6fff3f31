import { count } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { duration, fixed, size } from "../../src/ui/amounts.js";

test("amounts read as people write them", () => {
  assert.equal(
    [count(1, "image"), count(0, "image"), count(12, "prompt")],
    ["1 image", "0 images", "12 prompts"],
  );
  assert.equal([0.84, 42.4, 200, 7500].map(duration), ["0.8 s", "42 s", "3 min 20 s", "2 h 5 min"]);
  assert.equal([17, 2300, 1356917, 833.9e6, 3.94e9].map(size), [
    "17 B",
    "2.3 kB",
    "1.4 MB",
    "834 MB",
    "3.94 GB",
  ]);
  assert.equal([-1e-8, -0.25, 0.12345].map(fixed), ["0.0000", "-0.2500", "0.1235"]);
});

test.run();
