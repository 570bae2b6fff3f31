import * as assert from "uvu/assert";
import * as lib from "../../src/index.js";
import { close, deviceTests, FAMILIES } from "../support.js";

/* What is no number stays none: NaN and infinities, through every kernel of every family, by bits. */

const test = deviceTests(FAMILIES);

const { NaN: N, POSITIVE_INFINITY: I } = Number;
type Numbers = readonly number[];
type Row = [
  name: string,
  make: (t: (values: Numbers, shape?: lib.Shape) => lib.Tensor) => unknown,
  want: Numbers[],
  tolerance?: number,
];

const ACTIVATIONS = ["relu", "sigmoid", "tanh", "gelu", "gelu_tanh", "quick_gelu"] as const;
/** Products that end in an activation, one column (a row is stored by values) and four (by vectors). */
const fused: Row[] = ACTIVATIONS.flatMap((activation) =>
  [1, 4].map((n): Row => {
    const low = activation === "tanh" ? -1 : 0;
    const high = activation === "tanh" || activation === "sigmoid" ? 1 : I;
    return [
      `matmul with ${activation} to ${n} columns`,
      (t) => lib.matmul(t([N, I, -I], [3, 1]), t(Array(n).fill(1), [1, n]), { activation }),
      [[N, high, low].flatMap((v) => Array<number>(n).fill(v))],
      // The exact GELU ends at -6e-9.
      activation === "gelu" ? 1e-8 : 0,
    ];
  }),
);

const ROWS: Row[] = [
  ...fused,
  [
    "matmul with residual",
    (t) => lib.matmul(t([1], [1, 1]), t([1], [1, 1]), { residual: t([N], [1, 1]) }),
    [[N]],
  ],
  [
    "matmul with bias",
    (t) => lib.matmul(t([1], [1, 1]), t([1], [1, 1]), { bias: t([N]), activation: "tanh" }),
    [[N]],
  ],
  [
    "nearest, NaN and infinite queries",
    (t) => lib.nearest(t([N, 1, I, 0, 0, 0, 0, 2], [4, 2]), t([1, 0, 0, 1], [2, 2])),
    [
      [N, N, 0, 1],
      [0, 0, 0, 1],
    ],
  ],
  [
    "nearest, a NaN and an infinity in the bank",
    (t) => lib.nearest(t([1, 0, 0, 1], [2, 2]), t([1, 0, N, 1, 0, I], [3, 2])),
    [
      [N, N],
      [1, 1],
    ],
  ],
  [
    "nearest, values whose squares leave the range",
    (t) => lib.nearest(t([1e30, 1e30, 1e-30, 0], [2, 2]), t([1e-25, 1e-25, 1e25, 0], [2, 2])),
    [
      [1, 1],
      [0, 1],
    ],
  ],
  [
    "nearestRows, a NaN in a query or in the bank, and far rows",
    (t) => lib.nearestRows(t([N, 1, 1, 0, 3e4, 1], [3, 2]), t([0, 0, 3e4, 2], [2, 2])),
    [
      [N, 1, 1],
      [0, 0, 1],
    ],
  ],
  [
    "nearestRows, a NaN row comes before all",
    (t) => lib.nearestRows(t([1, 0], [1, 2]), t([0, 0, 1, N, 1, 0], [3, 2]), 2),
    [
      [N, 0],
      [1, 2],
    ],
  ],
  ["cholesky of a NaN", (t) => lib.cholesky(t([4, N, N, 1], [1, 2, 2])), [[2, 0, N, N]]],
  [
    "mahalanobis of a NaN",
    (t) => lib.mahalanobis(t([N, 1], [1, 2]), t([0, 0], [1, 2]), t([1, 0], [1, 1, 2]), t([1], [1, 1, 1]), 1),
    [[N]],
  ],
  ["cast to bool", (t) => lib.cast(t([N, I, 0, -0, 1e-3]), "bool"), [[1, 1, 0, 0, 1]]],
  [
    "cast to bool from halves",
    (t) => lib.cast(lib.cast(t([N, I, 0, -0, 1]), "float16"), "bool"),
    [[1, 1, 0, 0, 1]],
  ],
  [
    "cast to halves and back",
    (t) => lib.cast(lib.cast(t([N, I, -I, 65520, 1]), "float16"), "float32"),
    [[N, I, -I, I, 1]],
  ],
  [
    "cast to int32",
    (t) => lib.cast(t([N, I, -I, 3e9, -1.5]), "int32"),
    [[0, 2 ** 31 - 1, -(2 ** 31), 2 ** 31 - 1, -1]],
  ],
  [
    "cast to uint32",
    (t) => lib.cast(t([N, I, -I, 5e9, 1.5]), "uint32"),
    [[0, 2 ** 32 - 1, 0, 2 ** 32 - 1, 1]],
  ],
  [
    "normalize",
    (t) => lib.normalize(t([N, 1, I, 1, 0, 0, 3e30, 4e30, 3e-30, 4e-30], [5, 2])),
    [[N, N, N, 0, 0, 0, 0.6, 0.8, 0.6, 0.8]],
  ],
  ["inverseNorm", (t) => lib.inverseNorm(t([N, 1, I, 1, 0, 0, 3e30, 4e30], [4, 2])), [[N, 0, 0, 2e-31]]],
  ["layerNorm", (t) => lib.layerNorm(t([N, 1, I, 1, 0, 0, 1e30, -1e30], [4, 2])), [[N, N, N, N, 0, 0, N, N]]],
  [
    "batchNorm",
    (t) => lib.batchNorm(t([N, I, 1], [3, 1]), { mean: t([0]), variance: t([1]), eps: 0 }),
    [[N, I, 1]],
  ],
  ["softmax", (t) => lib.softmax(t([N, 1, I, 1, -I, -I, -I, 0], [4, 2])), [[N, N, N, N, N, N, 0, 1]]],
  ["softmax of four", (t) => lib.softmax(t([N, 1, 1, 1, -I, -I, -I, 0], [2, 4])), [[N, N, N, N, 0, 0, 0, 1]]],
  ["logSoftmax", (t) => lib.logSoftmax(t([N, 1, I, 1, -I, 0], [3, 2])), [[N, N, N, N, -I, 0]]],
  [
    "attention, a NaN query",
    (t) => lib.attention(t([N, 0], [2, 1]), t([1, 1], [2, 1]), t([3, 4], [2, 1])),
    [[N, 3.5]],
  ],
  [
    "attention, a NaN key",
    (t) => lib.attention(t([1, 1], [2, 1]), t([1, N], [2, 1]), t([3, 4], [2, 1]), { causal: true }),
    [[3, N]],
  ],
  [
    "attention, a NaN value",
    (t) => lib.attention(t([1, 1], [2, 1]), t([1, 1], [2, 1]), t([N, 4], [2, 1]), { causal: true }),
    [[N, N]],
  ],
  [
    "attention, a NaN mask",
    (t) =>
      lib.attention(t([1, 1], [2, 1]), t([1, 1], [2, 1]), t([3, 4], [2, 1]), {
        mask: t([N, 0, -I, -I], [2, 2]),
      }),
    [[N, 0]],
  ],
  ["attention without keys", (t) => lib.attention(t([1, N], [2, 1]), t([], [0, 1]), t([], [0, 1])), [[0, 0]]],
  ["maxPool2d", (t) => lib.maxPool2d(t([1, N, 2, 3, -I, -I, -I, -I], [2, 2, 2]), 2), [[N, -I]]],
  ["avgPool2d", (t) => lib.avgPool2d(t([1, N, 2, 3, -I, 1, 1, 1], [2, 2, 2]), 2), [[N, -I]]],
  ["adaptiveMaxPool2d", (t) => lib.adaptiveMaxPool2d(t([1, N, 2, 3], [1, 2, 2]), 1), [[N]]],
  ["resizeBilinear", (t) => lib.resizeBilinear(t([N, 1, 1, 1], [2, 2]), [1, 1]), [[N]]],
  ["gridSample", (t) => lib.gridSample(t([N, 1, 1, 1], [1, 1, 2, 2]), t([0, 0], [1, 1, 1, 2])), [[N]]],
  ["conv2d", (t) => lib.conv2d(t([N, 1], [1, 1, 1, 2]), t([1], [1, 1, 1, 1])), [[N, 1]]],
  [
    "topk",
    (t) => lib.topk(t([1, N, 3, I, -I, 0]), 3),
    [
      [N, I, 3],
      [1, 3, 2],
    ],
  ],
  [
    "topk, smallest",
    (t) => lib.topk(t([1, N, -I]), 3, { largest: false }),
    [
      [-I, 1, N],
      [2, 0, 1],
    ],
  ],
  [
    "sort",
    (t) => lib.sort(t([1, N, 3, I, -I, 0])),
    [
      [-I, 0, 1, 3, I, N],
      [4, 5, 0, 2, 3, 1],
    ],
  ],
  ["max", (t) => lib.max(t([1, N, I])), [[N]]],
  ["min", (t) => lib.min(t([-I, N, 3])), [[N]]],
  ["argmax", (t) => lib.argmax(t([I, 2, N, N])), [[2]]],
  ["argmin", (t) => lib.argmin(t([-I, 2, N])), [[2]]],
  ["sum", (t) => lib.sum(t([1, N, 3, I, -I, 0, I, 1], [4, 2]), 1), [[N, I, -I, I]]],
  ["mean", (t) => lib.mean(t([1, N, 3, I], [2, 2]), 1), [[N, I]]],
  ["prod", (t) => lib.prod(t([0, N, 0, I, 2, -I], [3, 2]), 1), [[N, N, -I]]],
  ["variance", (t) => lib.variance(t([1, N, 3, I], [2, 2]), 1), [[N, N]]],
  ["std", (t) => lib.std(t([1, N, 3, I], [2, 2]), 1), [[N, N]]],
  ["norm", (t) => lib.norm(t([1, N, 3, -I], [2, 2]), 1), [[N, I]]],
  ["norm of the largest", (t) => lib.norm(t([1, N, 3, -I], [2, 2]), 1, { order: I }), [[N, I]]],
  ["cumsum", (t) => lib.cumsum(t([1, N, 3])), [[1, N, N]]],
  ["where and maskedFill", (t) => lib.maskedFill(t([N, I, 1]), lib.isNan(t([N, I, 1])), 7), [[7, I, 1]]],
  ["gather", (t) => lib.gather(t([N, I, 1]), [1, 0]), [[I, N]]],
  [
    "concat and transpose",
    (t) => lib.transpose(lib.concat([t([N, I], [1, 2]), t([1, 2], [1, 2])])),
    [[N, 1, I, 2]],
  ],
  [
    "crossEntropy",
    (t) => lib.crossEntropy(t([N, 1, 0, 0], [2, 2]), lib.cast(t([0, -1]), "int32"), { reduction: "none" }),
    [[N, 0]],
  ],
];

for (const [name, make, want, tolerance = 0] of ROWS) {
  test(`${name} keeps what is no number`, async (device) => {
    const made = lib.scope(() =>
      make((values, shape) => lib.tensor(device, Float32Array.from(values), shape)),
    );
    const list = made instanceof lib.Tensor ? [made] : (Object.values(made as object) as lib.Tensor[]);
    const got = await Promise.all(list.map((t) => t.data()));
    for (const t of list) t.dispose();
    assert.is(got.length, want.length);
    for (const [i, values] of got.entries()) close(values, want[i], { rel: 3e-7, abs: tolerance }, name);
  });
}

test.run();
