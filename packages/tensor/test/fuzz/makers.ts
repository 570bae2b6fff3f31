import { ACTIVATIONS } from "../../src/kernels/math.js";
import type { AnyDefinition, Op } from "../../src/ops/define.js";
import * as ops from "../../src/ops/index.js";
import { type Shape, sizeOf } from "../../src/shape.js";
import type { Draw } from "./draw.js";
import type { Drawn } from "./graph.js";

/* How calls of each op are drawn. */

type AnyOp = Op<never[], unknown> & {
  definition: AnyDefinition;
  row?: { takes?: readonly string[]; gives?: string };
  arity?: number;
};

export const OPS = Object.fromEntries(
  Object.entries(ops).filter(([, op]) => "definition" in op),
) as unknown as Record<string, AnyOp>;

/** Draws the arguments of a step. */
export type Maker = (d: Draw) => Drawn;

const last = (shape: Shape): number => shape[shape.length - 1];

const reduction =
  (name: string): Maker =>
  (d) => {
    const x = d.any(1, 2, 3);
    const axes = d.one([undefined, d.axis(x), d.axis(x), [0, x.shape.length - 1].slice(0, x.shape.length)]);
    const own =
      name === "norm"
        ? { order: d.one([1, 2, 3, Infinity]) }
        : /variance|std/.test(name)
          ? { correction: 0 }
          : {};
    return [name, [x, axes, { keepDims: d.flip(), ...own }]];
  };
const alongAxis =
  (name: string, ...rest: unknown[]): Maker =>
  (d) => {
    const x = d.any(1, 2, 3);
    return [name, [x, d.axis(x), ...rest]];
  };
const rows =
  (name: string): Maker =>
  (d) => [name, [d.any(1, 2, 3)]];
const pool =
  (name: string, adaptive: boolean): Maker =>
  (d) => {
    const size = d.int(1, 2);
    return [
      name,
      [
        // Windows that share a tie pass their slopes to one place.
        name.includes("max") || name.includes("Max") ? d.distinct(2, 3) : d.any(2, 3, 4),
        size,
        ...(adaptive ? [] : [{ stride: d.int(1, 2), padding: d.int(0, Math.floor(size / 2)) }]),
      ],
    ];
  };
const elementwise =
  (name: string, arity: number): Maker =>
  (d) => {
    const x = d.any();
    return [
      name,
      [
        x,
        ...Array.from({ length: arity - 1 }, () =>
          d.int(0, 3) === 0 ? d.one([0, 1, 2, -1.5]) : d.beside(x.shape),
        ),
      ],
    ];
  };

export const MAKERS: Record<string, Maker> = {
  ...Object.fromEntries(
    Object.entries(OPS)
      .filter(([, { row }]) => row && !row.gives && (row.takes ?? ["float32"]).includes("float32"))
      .map(([name, { arity = 1 }]) => [name, elementwise(name, arity)]),
  ),
  ...Object.fromEntries(
    ["sum", "mean", "max", "min", "prod", "variance", "std", "norm"].map((name) => [name, reduction(name)]),
  ),
  ...Object.fromEntries(
    ["inverseNorm", "normalize", "flatten", "transpose"].map((name) => [name, rows(name)]),
  ),
  softmax: alongAxis("softmax"),
  logSoftmax: alongAxis("logSoftmax"),
  cumsum: (d) => alongAxis("cumsum", { reverse: d.flip() })(d),
  sort: (d) => ["sort", [d.distinct(1, 3), -1, { descending: d.flip() }]],
  unsqueeze: alongAxis("unsqueeze"),
  squeeze: alongAxis("squeeze"),
  maxPool2d: pool("maxPool2d", false),
  avgPool2d: pool("avgPool2d", false),
  adaptiveMaxPool2d: pool("adaptiveMaxPool2d", true),
  adaptiveAvgPool2d: pool("adaptiveAvgPool2d", true),
  cast: (d) => ["cast", [d.any(), "float32"]],
  pow: (d) => {
    const x = d.any();
    return [
      "pow",
      [x, d.flip() ? d.int(-2, 3) : d.leaf(x.shape, { draw: () => d.one([0, 1, 2, 3, 1.5, -1]) })],
    ];
  },
  where: (d) => {
    const x = d.any();
    return ["where", [d.bools(x.shape), x, d.beside(x.shape)]];
  },
  maskedFill: (d) => {
    const x = d.any();
    return ["maskedFill", [x, d.bools(x.shape), 0.5]];
  },
  clamp: (d) => ["clamp", [d.any(), d.one([-1, 0]), d.one([0.5, 1])]],
  layerNorm: (d) => {
    const x = d.any(1, 2, 3);
    const n = [last(x.shape)];
    return [
      "layerNorm",
      [x, { ...(d.flip() && { weight: d.leaf(n) }), ...(d.flip() && { bias: d.leaf(n) }), eps: 0.1 }],
    ];
  },
  batchNorm: (d) => {
    const x = d.any(2, 3);
    const n = [x.shape[1]];
    return [
      "batchNorm",
      [
        x,
        {
          mean: d.leaf(n),
          variance: d.leaf(n, { draw: () => d.one([0, 0.5, 1]) }),
          weight: d.leaf(n),
          eps: 0.1,
        },
      ],
    ];
  },
  matmul: (d) => {
    const x = d.any(2, 3);
    const [k, n] = [last(x.shape), d.size()];
    const transposeB = d.flip();
    const activation = d.one([undefined, ...Object.keys(ACTIVATIONS)]);
    const options = {
      transposeB,
      scale: 0.7,
      activation,
      ...(d.flip() && { bias: d.leaf([n]) }),
      ...(d.flip() && { residual: d.leaf([...x.shape.slice(0, -1), n]) }),
    };
    return ["matmul", [x, d.leaf(transposeB ? [n, k] : [k, n]), options]];
  },
  einsum: (d) => {
    const x = d.any(2);
    return ["einsum", [d.one(["ij,jk->ik", "ij,jk->k", "ij,jk->ijk"]), x, d.leaf([x.shape[1], d.int(1, 3)])]];
  },
  attention: (d) => {
    const q = d.any(2, 3);
    const [tq, width] = q.shape.slice(-2);
    const tk = d.int(1, 5);
    const kv = [...q.shape.slice(0, -2), tk, width];
    const mask = d.leaf([tq, tk], { fixed: true, draw: () => d.one([0, 0.5, -Infinity, -Infinity]) });
    return ["attention", [q, d.leaf(kv), d.leaf(kv), { causal: d.flip(), ...(d.flip() && { mask }) }]];
  },
  selfAttention: (d) => {
    const heads = d.int(1, 2);
    const [batch, tokens] = [d.int(1, 2), d.int(1, 4)];
    const mask = d.leaf([tokens, tokens], { fixed: true, draw: () => d.one([0, -Infinity]) });
    return [
      "selfAttention",
      [
        d.leaf([batch, tokens, 3 * heads * d.int(1, 3)]),
        heads,
        { causal: d.flip(), ...(d.flip() && { mask }) },
      ],
    ];
  },
  conv2d: (d) => {
    const x = d.any(4);
    const filters = d.int(1, 3);
    const weight = d.leaf([filters, x.shape[1], d.int(1, 2), d.int(1, 2)]);
    return [
      "conv2d",
      [
        x,
        weight,
        { bias: d.leaf([filters]), padding: d.int(0, 1), stride: d.int(1, 2), channelsLast: d.flip() },
      ],
    ];
  },
  conv2dLast: (d) => {
    const x = d.any(4);
    const filters = d.int(1, 3);
    const weight = d.leaf([filters, last(x.shape), d.int(1, 2), d.int(1, 2)]);
    return [
      "conv2dLast",
      [x, weight, { bias: d.leaf([filters]), padding: d.int(0, 1), stride: d.int(1, 2) }],
    ];
  },
  resizeBilinear: (d) => [
    "resizeBilinear",
    [d.any(2, 3), [d.int(1, 4), d.int(1, 4)], { alignCorners: d.flip() }],
  ],
  gridSample: (d) => {
    const x = d.leaf([1, 2, d.int(1, 3), d.int(1, 3)]);
    return [
      "gridSample",
      [x, d.leaf([1, 2, 2, 2]), { alignCorners: d.flip(), padding: d.one(["zeros", "border"]) }],
    ];
  },
  crossEntropy: (d) => {
    const x = d.any(1, 2, 3);
    const targets = d.leaf(x.shape.slice(0, -1), {
      dtype: "int32",
      fixed: true,
      draw: () => d.int(-1, last(x.shape) - 1),
    });
    return ["crossEntropy", [x, targets, { reduction: d.one(["mean", "sum", "none"]) }]];
  },
  nearest: (d) => {
    const x = d.any(2);
    return ["nearest", [x, d.leaf([d.int(1, 4), last(x.shape)])]];
  },
  topk: (d) => {
    const x = d.distinct(1, 3);
    return ["topk", [x, d.int(0, last(x.shape)), { largest: d.flip() }]];
  },
  gather: (d) => {
    const x = d.any(1, 2, 3);
    const axis = d.axis(x);
    return ["gather", [x, d.wholes([d.int(1, 4)], x.shape.at(axis) as number), axis]];
  },
  takeAlongAxis: (d) => {
    const x = d.any(1, 2, 3);
    return ["takeAlongAxis", [x, d.wholes([...x.shape.slice(0, -1), d.int(1, 4)], last(x.shape)), -1]];
  },
  scatter: (d) => {
    const x = d.any(1, 2, 3);
    const picks = [...x.shape.slice(0, -1), d.int(1, 3)];
    return ["scatter", [x, d.wholes(picks, last(x.shape)), d.leaf(picks), -1]];
  },
  concat: (d) => {
    const x = d.any(1, 2, 3);
    return ["concat", [[x, d.leaf(x.shape), x], d.axis(x)]];
  },
  stack: (d) => {
    const x = d.any(0, 1, 2);
    return ["stack", [[x, d.leaf(x.shape)], 0]];
  },
  split: (d) => {
    const x = d.any(1, 2, 3);
    const n = last(x.shape);
    const first = d.int(0, n);
    return ["split", [x, [first, n - first], -1], d.int(0, 1)];
  },
  pad: (d) => {
    const x = d.any(1, 2, 3);
    return ["pad", [x, x.shape.map(() => [d.int(0, 1), d.int(0, 2)]), 0.5]];
  },
  reshape: (d) => {
    const x = d.any();
    return ["reshape", [x, d.one([[sizeOf(x.shape)], [1, ...x.shape], [...x.shape].reverse()])]];
  },
  permute: (d) => {
    const x = d.any(1, 2, 3);
    return ["permute", [x, [...x.shape.keys()].reverse()]];
  },
  slice: (d) => ["slice", [d.any(1, 2, 3), [d.one([null, [1, 3], [-1, -9, -2], [0, 9, 2]])]]],
  at: (d) => ["at", [d.any(1, 2, 3), d.one([0, -1, [null, null, -1]])]],
  repeat: (d) => {
    const x = d.any(1, 2);
    return ["repeat", [x, d.int(1, 3), d.axis(x)]];
  },
  expand: (d) => {
    const x = d.any(0, 1, 2);
    return ["expand", [x, [d.int(1, 3), ...x.shape]]];
  },
  tril: (d) => ["tril", [d.any(2, 3), d.int(-1, 1)]],
  triu: (d) => ["triu", [d.any(2, 3), d.int(-1, 1)]],
};

/** Ops that gradients flow through and that no graph holds. */
export const undrawn = (): string[] =>
  Object.entries(OPS).flatMap(([name, { definition, row }]) => {
    const floats = !row || (row.takes ?? ["float32"]).includes("float32");
    const flows = definition.vjp !== null && (definition.vjp || definition.onTape) && floats;
    return flows && !(name in MAKERS) ? [name] : [];
  });
