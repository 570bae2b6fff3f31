import { tensor } from "../../create.js";
import type { AttentionOptions, SelfAttentionOptions } from "../../ops/attention.js";
import { pad, split, stack } from "../../ops/concat.js";
import { add, mul, sub } from "../../ops/elementwise.js";
import { matmul } from "../../ops/matmul.js";
import { sum } from "../../ops/reduce.js";
import { permute, reshape, slice } from "../../ops/shape.js";
import { softmax } from "../../ops/softmax.js";
import type { Tensor } from "../../tensor.js";
import { type JointRule, type Rule, type RuleContext, unbroadcast } from "../rule.js";

/** What attention's gradients are made of: operands [..., heads, tokens, d], and g and the output over them. */
interface Attended {
  q: Tensor;
  k: Tensor;
  v: Tensor;
  mask: Tensor | undefined;
  g: Tensor;
  /** Sum over d of g times the output, [..., heads, tq, 1]. */
  dot: Tensor;
}

/** Gradients by q, k, v and the scores. The weights are computed again rather than kept from the forward pass. */
function attentionGradients(
  { q, k, v, mask, g, dot }: Attended,
  { causal = false, scale = 1 / Math.sqrt(q.shape[q.rank - 1]) }: AttentionOptions,
) {
  const raw = matmul(q, k, { transposeB: true, scale });
  const hidden = causal ? add(raw, causalMask(q, k)) : raw;
  const weights = softmax(mask ? add(hidden, mask) : hidden);
  const scores = mul(weights, sub(matmul(g, v, { transposeB: true }), dot));
  return {
    q: () => matmul(scores, k, { scale }),
    k: () => matmul(scores, q, { transposeA: true, scale }),
    v: () => matmul(weights, g, { transposeA: true }),
    scores,
  };
}

/** 0 where a query sees a key, -Infinity where it does not. */
function causalMask(q: Tensor, k: Tensor): Tensor {
  const [tq, tk] = [q.shape[q.rank - 2], k.shape[k.rank - 2]];
  const values = new Float32Array(tq * tk);
  for (let i = 0; i < tq; i++) values.fill(Number.NEGATIVE_INFINITY, i * tk + i + tk - tq + 1, (i + 1) * tk);
  return tensor(q.device, values, [tq, tk]);
}

const attentionRule: JointRule = {
  needs: [0, 1, 2, 3, "out"],
  joint: ({ g, inputs: [q, k, v, mask], out, shapes, attributes }: RuleContext<AttentionOptions>, wanted) => {
    const dot = sum(mul(g, out), -1, { keepDims: true });
    const made = attentionGradients({ q, k, v, mask, g, dot }, attributes);
    return [
      wanted[0] ? made.q() : null,
      wanted[1] ? made.k() : null,
      wanted[2] ? made.v() : null,
      wanted[3] ? unbroadcast(made.scores, shapes[3]) : null,
    ];
  },
};

/** Heads are taken apart on the way back only: the forward pass reads them where they lie. */
const selfAttentionRule: JointRule = {
  needs: [0, 1, "out"],
  joint: (
    {
      g,
      inputs: [qkv, mask],
      out,
      shapes,
      attributes,
    }: RuleContext<SelfAttentionOptions & { heads: number }>,
    wanted,
  ) => {
    const { heads } = attributes;
    const [batch, tokens, triple] = qkv.shape;
    const asked = out.shape[1];
    const d = triple / (3 * heads);
    const apart = permute(reshape(qkv, [batch, tokens, 3, heads, d]), [2, 0, 3, 1, 4]);
    const [all, k, v] = split(apart, 3).map((part) => reshape(part, [batch, heads, tokens, d]));
    const q = slice(all, [null, null, [0, asked]]);
    const byHead = (x: Tensor) => permute(reshape(x, [batch, asked, heads, -1]), [0, 2, 1, 3]);
    const dot = byHead(sum(reshape(mul(g, out), [batch, asked, heads, d]), -1));
    const made = attentionGradients({ q, k, v, mask, g: byHead(g), dot }, attributes);
    const whole = (x: Tensor) =>
      asked === tokens
        ? x
        : pad(x, [
            [0, 0],
            [0, 0],
            [0, tokens - asked],
            [0, 0],
          ]);
    const back = () => permute(stack([whole(made.q()), made.k(), made.v()]), [1, 3, 0, 2, 4]);
    return [
      wanted[0] ? reshape(back(), qkv.shape) : null,
      wanted[1] ? unbroadcast(made.scores, shapes[1]) : null,
    ];
  },
};

/** Gradients of attention. */
export const ATTENTION_RULES: Record<string, Rule> = {
  attention: attentionRule,
  selfAttention: selfAttentionRule,
};
