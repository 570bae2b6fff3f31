import { tensor } from "../../create.js";
import { TensorError } from "../../errors.js";
import type { AttentionOptions } from "../../ops/attention.js";
import { add, mul, neg, rsqrt, square, sub } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { inverseNorm, layerNorm } from "../../ops/norm.js";
import { PackedMatrix } from "../../ops/packed.js";
import { mean, sum, variance } from "../../ops/reduce.js";
import { reshape, unsqueeze } from "../../ops/shape.js";
import { softmax } from "../../ops/softmax.js";
import type { Tensor } from "../../tensor.js";
import { input, type JointRule, type Rule, type RuleContext, unbroadcast } from "../rule.js";

interface ProductAttributes {
  transposeA: boolean;
  transposeB: boolean;
  scale: number;
}

/** The scores are computed again rather than kept from the forward pass; they live for this rule only. */
const attentionRule: JointRule = {
  needs: [0, 1, 2, 3, "out"],
  joint: ({ g, inputs: [q, k, v, mask], out, shapes, attributes }: RuleContext<AttentionOptions>, wanted) => {
    const { causal = false, scale = 1 / Math.sqrt(q.shape[q.rank - 1]) } = attributes;
    const raw = matmul(q, k, { transposeB: true, scale });
    const hidden = causal ? add(raw, causalMask(q, k)) : raw;
    const weights = softmax(mask ? add(hidden, mask) : hidden);
    const dot = sum(mul(g, out), -1, { keepDims: true });
    const scores = mul(weights, sub(matmul(g, v, { transposeB: true }), dot));
    return [
      wanted[0] ? matmul(scores, k, { scale }) : null,
      wanted[1] ? matmul(scores, q, { transposeA: true, scale }) : null,
      wanted[2] ? matmul(weights, g, { transposeA: true }) : null,
      wanted[3] ? unbroadcast(scores, shapes[3]) : null,
    ];
  },
};

/** 0 where a query sees a key, -Infinity where it does not. */
function causalMask(q: Tensor, k: Tensor): Tensor {
  const [tq, tk] = [q.shape[q.rank - 2], k.shape[k.rank - 2]];
  const values = new Float32Array(tq * tk);
  for (let i = 0; i < tq; i++) values.fill(Number.NEGATIVE_INFINITY, i * tk + i + tk - tq + 1, (i + 1) * tk);
  return tensor(q.device, values, [tq, tk]);
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
    input<ProductAttributes>([0], ({ g, inputs: [a], shapes, attributes }) => {
      const { transposeA, transposeB, scale } = attributes;
      const made = transposeB
        ? matmul(g, a, { transposeA: true, transposeB: transposeA, scale })
        : matmul(a, g, { transposeA: !transposeA, scale });
      return unbroadcast(made, shapes[1]);
    }),
  ],
  layerNorm: {
    needs: [0, 1],
    joint: ({ g, inputs: [x, weight], shapes, attributes: { eps } }, wanted) => {
      const rows = shapes[0].slice(0, -1).map((_, i) => i);
      const normed = layerNorm(x, { eps });
      const weighted = weight ? mul(g, weight) : g;
      const inverse = rsqrt(add(variance(x, -1, { correction: 0, keepDims: true }), eps));
      const along = (t: Tensor) => mean(t, -1, { keepDims: true });
      const centred = sub(sub(weighted, along(weighted)), mul(normed, along(mul(weighted, normed))));
      return [
        wanted[0] ? mul(centred, inverse) : null,
        wanted[1] ? reshape(sum(mul(g, normed), rows), shapes[1]) : null,
        wanted[2] ? reshape(sum(g, rows), shapes[2]) : null,
      ];
    },
  } satisfies JointRule,
  attention: attentionRule,
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
