import * as lib from "../../src/index.js";
import { close, deviceTests, FAMILIES } from "../support.js";

/* Gradients where formulas divide by 0, square what is large or meet NaN. Expected values are the derivatives, and PyTorch's choice at kinks. */

const test = deviceTests();
/** For ops whose kernels share their work by family. */
const everywhere = deviceTests(FAMILIES);
const SHARED = /norm|oft|ttention|max of|prod|std/;

const { NaN: N, POSITIVE_INFINITY: I } = Number;
type Numbers = readonly number[];
type Values = Numbers | readonly [Numbers, lib.Shape];
type Row = [name: string, f: (...xs: lib.Tensor[]) => lib.Tensor, inputs: Values[], want: Numbers[]];

const hidden = [-I, -I, 0, -I] as const;
const column = (values: lib.Tensor) => lib.reshape(values, [2, 1]);
const seen = (mask: lib.Tensor) => lib.reshape(mask, [2, 2]);

const ROWS: Row[] = [
  [
    "pow at base 0",
    (a, b) => lib.pow(a, b),
    [
      [0, 0, 0, 0],
      [2, 0, 1, 0.5],
    ],
    [
      [0, 0, 1, I],
      [0, 0, 0, 0],
    ],
  ],
  ["pow to a number", (a) => lib.pow(a, 2), [[0, 3, -3]], [[0, 6, -6]]],
  ["pow to 0 and 1", (a) => lib.add(lib.pow(a, 0), lib.pow(a, 1)), [[0, 5]], [[1, 1]]],
  ["pow of the number 0", (b) => lib.pow(0, b), [[0, 2]], [[0, 0]]],
  [
    "div",
    (a, b) => lib.div(a, b),
    [
      [1, 1e25, 1e25, 0, 1e-25],
      [2, 1e25, 1e-10, 3, 1e-25],
    ],
    [
      [0.5, 1e-25, 1e10, 1 / 3, 1e25],
      [-0.25, -1e-25, -I, 0, -1e25],
    ],
  ],
  ["div by a small number", (b) => lib.mul(lib.div(1e-25, b), 1e-10), [[1e-25]], [[-1e15]]],
  ["reciprocal", (a) => lib.mul(lib.reciprocal(a), 1e-20), [[1e-25, 1e25, 2]], [[-1e30, 0, -2.5e-21]]],
  ["rsqrt", (a) => lib.mul(lib.rsqrt(a), 1e-10), [[1e-26, 4]], [[-5e28, -6.25e-12]]],
  ["sqrt", lib.sqrt, [[0, 4, 1e-30]], [[I, 0.25, 5e14]]],
  ["log", lib.log, [[0, 1e-30, 1e30]], [[I, 1e30, 1e-30]]],
  ["abs and sign", (a) => lib.add(lib.abs(a), lib.sign(a)), [[0, -2]], [[0, -1]]],
  [
    "maximum of equals and NaN",
    (a, b) => lib.maximum(a, b),
    [
      [1, 1, N, 2],
      [1, 2, 1, -I],
    ],
    [
      [0.5, 0, 1, 1],
      [0.5, 1, 1, 0],
    ],
  ],
  [
    "minimum of equals",
    (a, b) => lib.minimum(a, b),
    [
      [1, 1],
      [1, 2],
    ],
    [
      [0.5, 1],
      [0.5, 0],
    ],
  ],
  ["clamp at its bounds", (a) => lib.clamp(a, -1, 1), [[-2, -1, 0, 1, 2]], [[0, 1, 1, 1, 0]]],
  ["relu", lib.relu, [[-1, 0, 1]], [[0, 0, 1]]],
  ["gelu far out", lib.gelu, [[-I, -1e30, 0, 1e30, I]], [[0, 0, 0.5, 1, 1]]],
  ["geluTanh far out", lib.geluTanh, [[-I, -1e30, 0, 1e30, I]], [[0, 0, 0.5, 1, 1]]],
  ["quickGelu far out", lib.quickGelu, [[-I, -1e30, 0, 1e30, I]], [[0, 0, 0.5, 1, 1]]],
  ["silu far out", lib.silu, [[-I, -1e30, 0, 1e30, I]], [[0, 0, 0.5, 1, 1]]],
  ["softplus far out", lib.softplus, [[-I, -1e30, 0, 1e30, I]], [[0, 0, 0.5, 1, 1]]],
  ["tanh and sigmoid far out", (a) => lib.add(lib.tanh(a), lib.sigmoid(a)), [[-I, 0, I]], [[0, 1.25, 0]]],
  [
    "max of ties",
    (a) => lib.max(a, 1),
    [
      [
        [1, 3, 3, N, 1, 2],
        [2, 3],
      ],
    ],
    [[0, 0.5, 0.5, N, N, N]],
  ],
  [
    "prod with zeros",
    (a) => lib.prod(a, 1),
    [
      [
        [2, 0, 3, 0, 0, 4],
        [2, 3],
      ],
    ],
    [[0, 6, 0, 0, 0, 0]],
  ],
  ["prod of nothing", (a) => lib.prod(a, 0), [[[], [0, 2]]], [[]]],
  ["prod of nothing at all", (a) => lib.prod(a), [[[], [0]]], [[]]],
  ["sum and mean of nothing", (a) => lib.add(lib.sum(a), lib.mean(a)), [[[], [0]]], [[]]],
  ["std of equals", (a) => lib.std(a), [[2, 2, 2]], [[0, 0, 0]]],
  ["std of NaN", (a) => lib.std(a), [[2, N]], [[N, N]]],
  ["norm at 0", (a) => lib.norm(a), [[0, 0]], [[0, 0]]],
  ["norm of order 1 at 0", (a) => lib.norm(a, 0, { order: 1 }), [[0, -2]], [[0, -1]]],
  ["norm of order 3 at 0", (a) => lib.norm(a, 0, { order: 3 }), [[0, 0]], [[0, 0]]],
  ["norm of order 0.5 with a 0", (a) => lib.norm(a, 0, { order: 0.5 }), [[0, 2]], [[0, 1]]],
  ["norm of the largest at 0", (a) => lib.norm(a, 0, { order: I }), [[0, 0]], [[0, 0]]],
  ["norm of NaN", (a) => lib.norm(a), [[1, N]], [[N, N]]],
  [
    "inverseNorm of small and zero rows",
    (a) => lib.inverseNorm(a),
    [
      [
        [1e-13, 0, 0, 0],
        [2, 2],
      ],
    ],
    [[-1e26, 0, 0, 0]],
  ],
  [
    "normalize of a zero row",
    (a) => lib.normalize(a),
    [
      [
        [0, 0, 0, 2],
        [2, 2],
      ],
    ],
    [[0, 0, 0.5, 0]],
  ],
  [
    "softmax with hidden values",
    (a) => lib.mul(lib.softmax(a), lib.tensor(a.device, [1, 2, 3])),
    [[-I, 0, 0]],
    [[0, -0.25, 0.25]],
  ],
  ["logSoftmax with hidden values", (a) => lib.at(lib.logSoftmax(a), 1), [[-I, 0, 0]], [[0, 0.5, -0.5]]],
  [
    "crossEntropy without a NaN row",
    (a) => lib.crossEntropy(a, lib.tensor(a.device, [-1, 0], [2], "int32")),
    [
      [
        [N, 1, 0, 0],
        [2, 2],
      ],
    ],
    [[0, 0, -0.5, 0.5]],
  ],
  ...[false, true].map(
    (causal): Row => [
      `${causal ? "causal " : ""}attention that sees nothing`,
      (q, k, v, m) => lib.attention(column(q), column(k), column(v), { mask: seen(m), causal }),
      [[1, 1], [1, 2], [3, 4], hidden],
      [
        [0, 0],
        [0, 0],
        [1, 0],
        [0, 0, 0, 0],
      ],
    ],
  ),
  [
    "selfAttention that sees nothing",
    (x, m) => lib.selfAttention(lib.reshape(x, [1, 2, 3]), 1, { mask: seen(m) }),
    [[1, 1, 3, 1, 2, 4], hidden],
    [
      [0, 0, 1, 0, 0, 0],
      [0, 0, 0, 0],
    ],
  ],
];

for (const [name, f, inputs, want] of ROWS) {
  (SHARED.test(name) ? everywhere : test)(`the gradient of ${name}`, async (device) => {
    const gradients = lib.scope(() => {
      const xs = inputs.map((given) => {
        const [values, shape] = (Array.isArray(given[0]) ? given : [given, undefined]) as [
          Numbers,
          lib.Shape?,
        ];
        return lib.tensor(device, Float32Array.from(values), shape);
      });
      return lib.grad((list: readonly lib.Tensor[]) => lib.sum(f(...list)))(xs);
    });
    const got = await Promise.all(gradients.map((g) => g.data()));
    for (const g of gradients) g.dispose();
    for (const [i, values] of got.entries())
      close(values, want[i], { rel: 2e-6, abs: 1e-37 }, `${name}, operand ${i}`);
  });
}

test.run();
everywhere.run();
