import { concat, tensor } from "@inctrl/tensor";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { piecesOf } from "../../src/maps/pieces.js";

const test = deviceTests("pieces");

test("pieces hold no more than they may, and together the whole", async ({ device }) => {
  const values = Float32Array.from({ length: 7 * 3 }, (_, i) => i);
  const x = tensor(device, values, [7, 3]);
  const pieces = piecesOf(x, 3 * 12 + 11);
  assert.equal(
    pieces.map(({ shape }) => shape),
    [
      [3, 3],
      [3, 3],
      [1, 3],
    ],
  );
  const whole = concat(pieces);
  assert.equal(await whole.data(), values);
  const entries = piecesOf(x, 1);
  assert.is(entries.length, 7, "an entry is not divided");
  assert.equal(piecesOf(x), [x]);
  for (const each of [x, whole, ...pieces, ...entries]) each.dispose();
});

test.run();
