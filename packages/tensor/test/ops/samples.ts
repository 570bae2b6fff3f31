import type { Device } from "../../src/device/device.js";
import { panelWidth } from "../../src/kernels/plan.js";
import { bools, floats, Input, type Sample, wholes } from "./check-op.js";

/** Rows and lengths around which kernels change: none, few, and about a vector. */
const SIZES = [0, 1, 2, 3, 5];
/** Rows about a tile's height: the tallest of products has 29. */
const TILE = [28, 29, 30];

const each = (sizes: readonly number[], make: (n: number) => unknown[][]): Sample[] =>
  sizes.flatMap((n) => make(n).map((args) => ({ args })));

const reduction = (sizes: readonly number[]): Sample[] => [
  ...each(sizes, (n) => [
    [floats([3, n]), 1],
    [floats([n, 3]), 0, { keepDims: true }],
  ]),
  { args: [floats([2, 3, 4]), [0, 2]] },
  { args: [floats([70])] },
];

const decision: Sample[] = [
  ...each(SIZES, (n) => [[bools([3, n]), 1]]),
  { args: [bools([2, 3, 2]), [0, 2]] },
];

const place = (): Sample[] => [
  ...each([1, 2, 3, 70], (n) => [[floats([3, n]), 1]]),
  { args: [floats([3, 4]), 0] },
  { args: [floats([2, 3, 2])] },
];

const perRow = (...rest: unknown[]): Sample[] => each([...SIZES, 8, 70], (n) => [[floats([3, n]), ...rest]]);

/** Matrices [count, n, n] with 2 on the diagonal and little beside it. */
const spread = (n: number, count: number): Input =>
  new Input([count, n, n], {
    values: Array.from({ length: count * n * n }, (_, i) => ((i % (n * n)) % (n + 1) === 0 ? 2 : 0.4 / n)),
  });

/** Sample calls of every op that is not elementwise, by name. */
export const SAMPLES: Record<string, (device: Device) => Sample[]> = {
  sum: () => reduction(SIZES),
  mean: () => reduction([1, 2, 3, 5]),
  variance: () => reduction([2, 3, 5]),
  max: () => reduction([1, 2, 3, 5]),
  min: () => reduction([1, 2, 3, 5]),
  argmax: place,
  argmin: place,
  all: () => decision,
  any: () => decision,
  expand: () =>
    each(SIZES, (n) => [
      [floats([n, 1]), [2, n, 3]],
      [floats([n]), [n]],
    ]),
  softmax: () => [...perRow(), { args: [floats([3, 4, 2]), 1] }],
  logSoftmax: () => [...perRow(), { args: [floats([3, 4, 2]), 1] }],
  layerNorm: () => [
    // A row of one value has no deviation, and its gradient no digits.
    ...each([0, 2, 3, 8, 70], (n) => [
      [floats([3, n]), { eps: 1e-2 }],
      [floats([2, 2, n]), { weight: floats([n]), bias: floats([n]), eps: 1e-2 }],
    ]),
    { args: [floats([3, 1])] },
  ],
  inverseNorm: () => each([1, 2, 3, 8, 70], (n) => [[floats([3, n], 0.5, 1.5)]]),
  normalize: () => each([0, 2, 3, 8, 70], (n) => [[floats([3, n], 0.5, 1.5)]]),
  batchNorm: () =>
    each(SIZES, (n) => {
      const parts = { mean: floats([3]), variance: floats([3], 0.5, 2) };
      return [
        [floats([2, 3, n]), { ...parts, weight: floats([3]), bias: floats([3]) }],
        [floats([n, 3]), parts],
      ];
    }),
  matmul: (device) => {
    const width = panelWidth(device.caps);
    return [
      ...each(SIZES, (n) => [
        [floats([n, 4]), floats([4, 3])],
        [floats([3, n]), floats([n, 4])],
        [floats([2, 4]), floats([n, 4]), { transposeB: true }],
      ]),
      ...each(TILE, (m) => [[floats([m, 3]), floats([3, 2])]]),
      ...each([width - 1, width, width + 1], (n) => [[floats([2, 3]), floats([n, 3]), { transposeB: true }]]),
      { args: [floats([3, 2]), floats([3, 4]), { transposeA: true, scale: 0.7 }] },
      { args: [floats([2, 1, 3, 5]), floats([3, 5, 2])] },
      ...(["relu", "gelu", "quick_gelu"] as const).map((activation) => ({
        args: [floats([3, 4]), floats([4, 5]), { bias: floats([5]), activation, residual: floats([3, 5]) }],
      })),
    ];
  },
  attention: () => [
    ...each([1, 2, 3, 5], (n) => [
      [floats([2, n, 4]), floats([2, 5, 4]), floats([2, 5, 4])],
      [floats([1, 2, 5, n]), floats([1, 2, 5, n]), floats([1, 2, 5, n]), { causal: true }],
    ]),
    ...each([7, 8, 9], (n) => [[floats([1, n, 3]), floats([1, n, 3]), floats([1, n, 3])]]),
    { args: [floats([3, 4]), floats([4, 4]), floats([4, 4]), { mask: floats([3, 4]) }] },
    { args: [floats([0, 3, 4]), floats([0, 3, 4]), floats([0, 3, 4])] },
  ],
  selfAttention: () => [
    ...each([1, 2, 3, 9], (n) => [
      [floats([2, n, 12]), 2],
      [floats([1, n, 9]), 1, { causal: true }],
    ]),
    { args: [floats([2, 5, 12]), 2, { queries: 2, mask: floats([1, 5]) }] },
    { args: [floats([0, 5, 12]), 2] },
  ],
  conv2d: () => [
    { args: [floats([2, 3, 5, 4]), floats([2, 3, 3, 2]), { bias: floats([2]), stride: 2, padding: 1 }] },
    {
      args: [
        floats([1, 4, 4, 5]),
        floats([4, 2, 2, 2]),
        { groups: 2, bias: floats([4]), channelsLast: true },
      ],
    },
    { args: [floats([1, 2, 5, 5]), floats([3, 2, 2, 2]), { dilation: [2, 1] }] },
    { args: [floats([0, 2, 3, 3]), floats([3, 2, 1, 1])] },
  ],
  conv2dLast: () => [
    // A run of one pixel, of a line, and of a pixel with a value added; products of 1 x 1.
    {
      args: [
        floats([2, 3, 2, 18]),
        floats([5, 18, 3, 3]),
        { bias: floats([5]), padding: 1, residual: floats([2, 3, 2, 5]), activation: "sigmoid" },
      ],
    },
    { args: [floats([2, 7, 6, 3]), floats([4, 3, 3, 5]), { stride: 2, padding: [1, 2], bias: floats([4]) }] },
    { args: [floats([1, 4, 4, 17]), floats([8, 17, 2, 2]), { dilation: [2, 1], padding: [0, 1] }] },
    { args: [floats([1, 5, 6, 4]), floats([6, 4, 1, 1]), { activation: "tanh" }] },
    {
      args: [floats([2, 5, 6, 4]), floats([3, 4, 1, 1]), { stride: [2, 3], residual: floats([2, 3, 2, 3]) }],
    },
    { args: [floats([0, 3, 3, 2]), floats([3, 2, 1, 1])] },
    // About the tallest tile.
    ...TILE.map((n) => ({ args: [floats([1, n, 1, 2]), floats([4, 2, 3, 1]), { padding: [1, 0] }] })),
  ],
  nearest: () => [
    ...each([0, 1, 2, 3, ...TILE], (n) => [[floats([n, 4], 0.2, 1), floats([5, 4], -1, 1)]]),
    { args: [floats([2, 3, 5]), floats([2, 4, 5])] },
  ],
  nearestRows: () => [
    ...each([0, 1, 2, 3, ...TILE], (n) => [[floats([n, 4]), floats([5, 4])]]),
    ...each([1, 3, 5], (k) => [[floats([2, 3, 6]), floats([2, 5, 6]), k]]),
    { args: [floats([2, 3, 5]), floats([70, 5]), 50] },
  ],
  squaredDistances: () => [
    ...each(SIZES, (n) => [[floats([n, 4]), floats([5, 4]), wholes([n, 3], 7)]]),
    { args: [floats([2, 3, 5]), floats([2, 4, 5]), wholes([2, 3, 1], 4)] },
  ],
  cholesky: () => each([0, 1, 2, 3, 9], (n) => [[spread(n, 2)], [spread(n, 2), { least: 1.5 }]]),
  mahalanobis: () => [
    ...each([0, 1, 2, 9], (n) => [
      [floats([2, 3, 4]), floats([3, 4]), floats([3, n, 4]), spread(n, 3), 0.5],
      [floats([3, 5]), floats([3, 5]), floats([3, n, 5]), spread(n, 3), 0.01],
    ]),
    // Views that do not fill a block, and all but the last of a block of factors.
    ...each([1, 4, 5, 6, 7], (n) => [
      [floats([n, 2, 8]), floats([2, 8]), floats([2, n, 8]), spread(n, 2), 0.1],
    ]),
    { args: [floats([0, 2, 5]), floats([2, 5]), floats([2, 1, 5]), spread(1, 2), 0.01] },
  ],
  topk: () => [
    ...each([1, 2, 3, 8, 9, 65], (n) => [[floats([3, n]), Math.min(n, 2)]]),
    { args: [floats([4, 5]), 5, { largest: false }] },
    { args: [floats([2, 3]), 0] },
  ],
  gather: () => [
    ...each(SIZES, (n) => [
      [floats([4, n]), wholes([3], 4)],
      [floats([2, 5, 2]), wholes([n, 2], 5), 1],
    ]),
  ],
  takeAlongAxis: () => each([1, 2, 3, 5], (n) => [[floats([3, 4, n]), wholes([3, 2, n], 4), 1]]),
  oneHot: () =>
    each(SIZES, (n) => [
      [wholes([n], 4), 3],
      [wholes([2], 4), n],
    ]),
  concat: () => [
    ...each(SIZES, (n) => [[[floats([n, 3]), floats([2, 3])]], [[floats([2, n]), floats([2, 4])], 1]]),
    { args: [[floats([2, 4]), floats([2, 8]), floats([2, 4])], -1] },
    { args: [[floats([2, 4])]] },
  ],
  stack: () =>
    each(SIZES, (n) => [
      [[floats([n, 3]), floats([n, 3])], 1],
      [[floats([n])], -1],
    ]),
  split: () => [
    { args: [floats([4, 3]), 2] },
    { args: [floats([2, 6, 3]), [1, 5], 1] },
    { args: [floats([2, 5]), [0, 5], 1] },
  ],
  pad: () =>
    each(SIZES, (n) => [
      [
        floats([2, n]),
        [
          [1, 0],
          [0, 3],
        ],
        7,
      ],
      [
        floats([n, 2, 2]),
        [
          [0, 0],
          [1, 1],
          [0, 0],
        ],
      ],
      [floats([n]), [[0, 0]]],
    ]),
  reshape: () =>
    each(SIZES, (n) => [
      [floats([2, n, 3]), [6, n]],
      [floats([n, 2]), [2, n]],
    ]),
  unsqueeze: () => each(SIZES, (n) => [[floats([n]), -1]]),
  squeeze: () => each(SIZES, (n) => [[floats([n, 1])], [floats([1, n]), 0]]),
  permute: () =>
    each(SIZES, (n) => [
      [floats([2, n, 3]), [2, 0, 1]],
      [floats([n, 1, 2]), [1, 0, 2]],
    ]),
  transpose: () => each(SIZES, (n) => [[floats([n, 3])], [floats([2, n, 4]), 0, 1]]),
  slice: () => [
    ...each(SIZES, (n) => [
      [floats([n, 8]), [null, [4, 8]]],
      [floats([6, n]), [[1, 5, 2]]],
    ]),
    {
      args: [
        floats([5, 6]),
        [
          [-1, -9, -2],
          [1, 3],
        ],
      ],
    },
    { args: [floats([5]), [[3, 3]]] },
  ],
  cast: () => [
    ...(["float16", "int32", "bool"] as const).map((type) => ({
      args: [floats([5]), type],
      gradient: false,
    })),
    { args: [floats([3]), "float32"] },
    { args: [wholes([5], 9), "float32"] },
  ],
};
