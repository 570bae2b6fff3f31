import * as lib from "../../src/index.js";
import { ACTIVATIONS } from "../../src/kernels/math.js";
import type { AnyDefinition, Op } from "../../src/ops/define.js";
import { deviceTests, FAMILIES } from "../support.js";
import { checkForwards, floats, type Sample } from "./check-op.js";

/* Everything that a kernel does besides its product, at sizes from 0 to 9 in each dimension, on all families. */

const test = deviceTests(FAMILIES);

const TEN = [...Array(10).keys()];

/** A product of these sizes. An activation compiles kernels of its own for each parity of k and height of a tile, so only its columns vary. */
const product = (m: number, k: number, n: number, activation?: string, ends = true): Sample => ({
  args: [
    floats([m, k]),
    floats([k, n]),
    {
      ...(ends && { scale: 0.7, bias: floats([n]), residual: floats([m, n]) }),
      ...(activation && { activation }),
    },
  ],
});

const CASES: [name: string, op: unknown, samples: Sample[]][] = [
  ["products of few rows", lib.matmul, TEN.map((m) => product(m, 4, 3))],
  ["products over few values", lib.matmul, TEN.map((k) => product(3, k, 3))],
  ["products to few columns", lib.matmul, TEN.map((n) => product(3, 4, n))],
  ["products to few columns, a GELU alone", lib.matmul, TEN.map((n) => product(3, 4, n, "gelu", false))],
  ...Object.keys(ACTIVATIONS).map((activation): (typeof CASES)[number] => [
    `products to few columns with ${activation} between bias and residual`,
    lib.matmul,
    TEN.map((n) => product(3, 4, n, activation)),
  ]),
  [
    "attention of few queries or keys",
    lib.attention,
    TEN.flatMap((n) => [
      { args: [floats([n, 4]), floats([3, 4]), floats([3, 4])] },
      { args: [floats([2, 4]), floats([n, 4]), floats([n, 4])] },
    ]),
  ],
];

for (const [name, op, samples] of CASES)
  test(`${name} agree with the reference`, (device) =>
    checkForwards(device, op as Op<never[], unknown> & { definition: AnyDefinition }, samples));

test.run();
