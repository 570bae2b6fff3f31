import { TensorError } from "../../errors.js";
import { mul, neg, square, sub } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { inverseNorm, layerNormBackward } from "../../ops/norm.js";
import { PackedMatrix } from "../../ops/packed.js";
import { sum } from "../../ops/reduce.js";
import { reshape, unsqueeze } from "../../ops/shape.js";
import { input, type JointRule, type Rule, unbroadcast } from "../rule.js";

interface ProductAttributes {
  transposeA: boolean;
  transposeB: boolean;
  scale: number;
}

/** Gradients of products and norms. */
export const LINEAR_RULES: Record<string, Rule> = {
  matmul: [
    input<ProductAttributes>([1], ({ g, inputs: [, b], shapes, attributes }) => {
      const { transposeA, transposeB, scale } = attributes;
      if ((b as unknown) instanceof PackedMatrix) {
        throw new TensorError(
          "argument",
          "matmul: nothing flows back through a packed matrix; give the weight as a tensor where gradients are wanted",
        );
      }
      const made = transposeA
        ? matmul(b, g, { transposeA: transposeB, transposeB: true, scale })
        : matmul(g, b, { transposeB: !transposeB, scale });
      return unbroadcast(made, shapes[0]);
    }),
    input<ProductAttributes>([0], ({ g: g0, inputs: [a0], shapes, attributes }) => {
      const { transposeA, transposeB, scale } = attributes;
      // One weight for all rows: one long product instead of one for each matrix of the batch and their sum.
      const folds = shapes[1].length === 2 && !transposeA;
      const [g, a] = folds ? [g0, a0].map((t) => reshape(t, [-1, t.shape[t.rank - 1]])) : [g0, a0];
      const made = transposeB
        ? matmul(g, a, { transposeA: true, transposeB: transposeA, scale })
        : matmul(a, g, { transposeA: !transposeA, scale });
      return unbroadcast(made, shapes[1]);
    }),
    input([], ({ g, shapes }) => unbroadcast(g, shapes[2])),
    input([], ({ g, shapes }) => reshape(g, shapes[3])),
  ],
  layerNorm: {
    needs: [0, 1],
    joint: ({ g, inputs: [x, weight], shapes, attributes: { eps } }, wanted) => {
      const rows = shapes[0].slice(0, -1).map((_, i) => i);
      const { dx, gNormed } = layerNormBackward(x, weight, g, eps);
      return [
        wanted[0] ? dx : null,
        wanted[1] ? reshape(sum(gNormed, rows), shapes[1]) : null,
        wanted[2] ? reshape(sum(g, rows), shapes[2]) : null,
      ];
    },
  } satisfies JointRule,
  inverseNorm: [
    // -x / |x|^3, and 0 for a row of zeros.
    input([0, "out"], ({ g, inputs: [x], out }) => mul(x, unsqueeze(mul(g, neg(mul(square(out), out))), -1))),
  ],
  normalize: [
    input([0, "out"], ({ g, inputs: [x], out }) => {
      const inverse = unsqueeze(inverseNorm(x), -1);
      return mul(sub(g, mul(out, sum(mul(g, out), -1, { keepDims: true }))), inverse);
    }),
  ],
};
