import { test } from "uvu";
import * as assert from "uvu/assert";
import { lineOf } from "../../src/calibration/conformal.js";
import { doubtText, findsText, promiseText } from "../../src/calibration/text.js";

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

test("how many bad parts are found is said, and an OK that is no promise is called so", () => {
  assert.is(
    findsText({ found: 0, of: 6 }),
    "Of 6 bad parts 0 were flagged: this line does not find them, and its OK says nothing.",
  );
  // 1 - 0.025 ** (1 / 20) and 0.975 ** (1 / 20) bound Clopper and Pearson's interval where all are found.
  assert.is(
    findsText({ found: 20, of: 20 }),
    "Of 20 bad parts 20 were flagged; with 95% confidence it finds 83% to 100% of such parts.",
  );
  assert.match(
    findsText({ found: 3, of: 6 }),
    /^Of 6 bad parts 3 were flagged: this line misses too many, and its OK says little;/,
  );
  assert.match(findsText(null), /^How many bad parts it finds is not known, .* not that it is good\.$/);
  assert.is(
    promiseText(lineOf(scores(199), 0.01), { found: 0, of: 6 }).at(-1),
    findsText({ found: 0, of: 6 }),
  );
  assert.is(promiseText(lineOf(scores(199), 0.01)).at(-1), findsText(null));

  const doubt = (n: number, tried: { found: number; of: number } | null, hint = false) =>
    doubtText(lineOf(scores(n), 0.01, { hint }), tried);
  assert.is(doubt(199, null), null);
  assert.is(doubt(199, { found: 19, of: 20 }), null);
  assert.is(doubt(199, { found: 0, of: 6 }), "of 6 bad parts this line found 0: OK is no promise");
  assert.match(doubt(12, null)!, /provisional, since it stands on 12 good parts alone: OK is no promise/);
  assert.match(doubt(4, null, true)!, /a hint, which stands on 4 prompts alone: OK is no promise/);
});

test.run();
