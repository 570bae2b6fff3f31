import * as assert from "uvu/assert";
import { describeGradcheck, gradcheck, type Shape, type Tensor } from "../../src/index.js";
import type { ElementwiseOp, Operand } from "../../src/ops/elementwise-run.js";
import * as ops from "../../src/ops/index.js";
import { broadcastShapes, sizeOf } from "../../src/shape.js";
import { coordinates, deviceTests, flatIndex, generator } from "../support.js";

const test = deviceTests();

/** Functions that are tested above 0 alone, where all of them are smooth. */
const POSITIVE = new Set(["log", "sqrt", "rsqrt", "reciprocal", "pow", "div"]);

/** Values away from 0 and from one another, so that kinks lie far from every step. */
function values(count: number, seed: number, [low, high]: [number, number]): number[] {
  const next = generator(seed);
  return Array.from({ length: count }, () => {
    const v = low + (high - low) * next();
    return Math.abs(v) < 0.05 ? 0.07 : v;
  });
}

const shapes: Shape[][] = [
  [[5], [5], [5]],
  [[2, 3], [3], [2, 1]],
  [[1], [4, 1], [1, 3]],
  [[], [2, 2], []],
];

const ROWS = Object.entries(ops).filter(
  ([name, op]) => "row" in op && name !== "where" && name !== "clamp",
) as unknown as [string, ElementwiseOp<Operand[]>][];

for (const [name, op] of ROWS) {
  const { arity, row } = op;
  const { reference } = row;
  if (row.slopes === null) continue;
  test(`${name}: its gradient agrees with differences, broadcast too`, async (device) => {
    for (const [seed, group] of shapes.entries()) {
      const own = group.slice(0, arity);
      const out = own.reduce((a, b) => broadcastShapes(name, a, b));
      const inputs = own.map((shape, i) => ({
        shape,
        values: values(sizeOf(shape), 10 * seed + i, POSITIVE.has(name) ? [0.2, 3] : [-2, 2]),
      }));
      const report = await gradcheck(device, (...xs: Tensor[]) => op(...xs), inputs, {
        reference: (...xs) =>
          coordinates(out).map((at) => {
            const [a, b, c] = xs.map((x, i) => x[flatIndex(at, own[i])]);
            return reference(a, b, c);
          }),
        tolerance: 5e-5,
      });
      assert.ok(report.ok, describeGradcheck(report));
    }
  });
}

test.run();
