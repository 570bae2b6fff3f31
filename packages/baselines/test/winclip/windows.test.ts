import { windowPatches } from "@inctrl/clip";
import { scope, type Tensor, tensor } from "@inctrl/tensor";
import { maxError, random } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Windows } from "../../src/winclip/windows.js";

const test = deviceTests("windows over patches");
const GRID = { rows: 4, columns: 3 };
const VIEWS = 3;

/** The harmonic mean of the windows over each patch, in float64. */
function spread(values: Float32Array, side: number, least: number): number[] {
  const windows = windowPatches(GRID, side);
  return Array.from({ length: VIEWS * 12 }, (_, i) => {
    const [view, patch] = [Math.floor(i / 12), i % 12];
    const own = windows.flatMap((patches, w) =>
      patches.includes(patch) ? [values[view * windows.length + w]] : [],
    );
    return own.length / own.reduce((sum, value) => sum + 1 / Math.max(value, least), 0);
  });
}

const take = async (made: readonly Tensor[]): Promise<Float32Array[]> => {
  const values = await Promise.all(made.map((each) => each.data()));
  for (const each of made) each.dispose();
  return values;
};

test("each patch has the harmonic mean of its windows, and zeros count for the least", async ({ device }) => {
  using windows = new Windows(device, GRID);
  const values = [random(1, VIEWS * 6, 0, 1), random(2, VIEWS * 2, 0, 1)];
  values[0][4] = 0;
  values[1][1] = -1e-9;
  const made = await take(
    scope(() =>
      windows.spread([tensor(device, values[0], [VIEWS, 6]), tensor(device, values[1], [VIEWS, 2])], 1e-6),
    ),
  );
  for (const [i, side] of [2, 3].entries())
    assert.ok(maxError(made[i], spread(values[i], side, 1e-6)) < 1e-6);
});

test("a score that underflows leaves the map finite", async ({ device }) => {
  using windows = new Windows(device, { rows: 3, columns: 3 });
  const [map] = await take(
    scope(() => {
      const along = (...values: number[]) => tensor(device, values, [1, values.length]);
      const seen = {
        features: along(1, 0),
        windows: [
          tensor(device, [
            [
              [1, 0],
              [1, 0],
              [1, 0],
              [0, 1],
            ],
          ]),
          tensor(device, [[[1, 0]]]),
        ],
      };
      return [
        windows.zeroShot(
          seen,
          tensor(device, [
            [1, 0],
            [-1, 0],
          ]),
          100,
        ).map,
      ];
    }),
  );
  assert.ok(
    map.every((value) => Number.isFinite(value) && value >= 0),
    `${map}`,
  );
});

test("a view's map has the same bits in any company", async ({ device }) => {
  using windows = new Windows(device, GRID);
  const similarity = [random(3, VIEWS * 6, -1, 1), random(4, VIEWS * 2, -1, 1), random(5, VIEWS * 12, -1, 1)];
  const mapOf = (views: readonly number[]) =>
    scope(() => {
      const own = similarity.map((values) => {
        const width = values.length / VIEWS;
        const rows = views.map((view) => [...values.subarray(view * width, (view + 1) * width)]);
        return tensor(device, rows.flat(), [views.length, width]);
      });
      return windows.fewShot({ windows: own.slice(0, 2), patches: own[2] }).map;
    });
  const [all, turned, alone] = await take([mapOf([0, 1, 2]), mapOf([2, 0]), mapOf([2])]);
  assert.equal(alone, all.subarray(24));
  assert.equal(turned, Float32Array.of(...all.subarray(24), ...all.subarray(0, 12)));
});

test.run();
