import { test } from "uvu";
import * as assert from "uvu/assert";
import { lineOf } from "../../src/calibration/conformal.js";
import { promiseText } from "../../src/calibration/text.js";

const scores = (n: number) => Array.from({ length: n }, (_, i) => i / n);

test("the sentences say what n good parts allow", () => {
  // Of Beta(2, 198) 95% lie below 0.0236.
  const [first, more] = promiseText(lineOf(scores(199), 0.01));
  assert.is(
    first,
    "Of 1000 good parts like these 199, about 10 will be flagged; with 95% confidence fewer than 24.",
  );
  assert.match(more, /^\d+ more good parts would halve how far that may lie above 10\.$/);
  const [, why, missing] = promiseText(lineOf(scores(1), 0.2));
  assert.match(why, /^The line is provisional: 1 good part allows no less than 50% of false alarms/);
  assert.is(missing, "3 more good parts allow 20%.");
  const [, hint] = promiseText(lineOf(scores(4), 0.01, { hint: true }));
  assert.match(hint, "it stands on the 4 prompts alone, each left out in turn, which allow 20% at best.");
});

test.run();
