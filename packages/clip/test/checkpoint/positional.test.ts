import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resizePositional } from "../../src/checkpoint/positional.js";

// golden/positional.json is made by golden/make_positional.py with PyTorch 1.13.
const cases: { from: number; to: number; width: number; values: number[] }[] = JSON.parse(
  readFileSync(new URL("golden/positional.json", import.meta.url), "utf8"),
);

const square = (side: number) => ({ rows: side, columns: side });

for (const { from, to, width, values } of cases)
  test(`${from}x${from} to ${to}x${to} agrees with PyTorch`, () => {
    const input = Float32Array.from(
      { length: (1 + from * from) * width },
      (_, i) => ((i * 37) % 101) / 101 - 0.5,
    );
    const got = resizePositional(input, { from, to: square(to), width });
    assert.is(got.length, values.length);
    const worst = Math.max(...values.map((want, i) => Math.abs(want - got[i])));
    assert.ok(worst < 1e-6, `max error ${worst}`);
  });

test("an equal grid is copied, and wrong lengths are refused", () => {
  const values = Float32Array.of(1, 2, 3, 4, 5);
  const same = resizePositional(values, { from: 2, to: square(2), width: 1 });
  assert.equal(same, values);
  assert.is.not(same, values);
  assert.throws(
    () => resizePositional(values, { from: 3, to: square(2), width: 1 }),
    /are not \(1 \+ 3x3\) x 1/,
  );
});

test.run();
