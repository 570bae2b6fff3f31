import { test } from "uvu";
import * as assert from "uvu/assert";
import { drawLossCurve } from "../../src/training/loss-curve.js";

const record = (step: number, loss: number) => ({
  ...{ step, epoch: 1, loss, L_h: 0.6 * loss, L_IRL: 0.4 * loss, lr: 1e-3, rate: 1 },
});

const CURVES = ["loss", "L_h", "L_IRL"].map((key) => ({ key, name: `${key} of the run`, colour: "#222222" }));

test("three curves, thinned, inside the frame", () => {
  const svg = drawLossCurve(
    Array.from({ length: 1000 }, (_, i) => record(i + 1, 1 / (1 + i / 100))),
    CURVES,
  );
  const curves = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) =>
    points.split(" ").map((point) => point.split(",").map(Number)),
  );
  assert.is(curves.length, 3);
  for (const curve of curves) {
    assert.is(curve.length, 250);
    for (const [x, y] of curve) assert.ok(x >= 56 && x <= 704 && y >= 36 && y <= 320, `${x},${y}`);
    assert.ok(curve[0][1] < curve.at(-1)![1], "a falling loss goes down");
  }
  for (const name of ["L_h of the run", "L_IRL of the run"]) assert.match(svg, name);
  assert.not.match(svg, /NaN|Infinity|undefined/);
});

test("runs without steps or with a loss of 0 can be drawn", () => {
  for (const records of [[], [record(1, 0)], [record(7, 3.2)]]) {
    const svg = drawLossCurve(records, CURVES);
    assert.match(svg, /^<svg [\s\S]*<\/svg>\n$/);
    assert.not.match(svg, /NaN|Infinity|undefined/);
  }
});

test.run();
