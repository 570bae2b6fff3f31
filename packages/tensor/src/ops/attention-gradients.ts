import type { JointVjp } from "../autograd/rule.js";
import { tensor } from "../create.js";
import type { Tensor } from "../tensor.js";
import { equal, where } from "./comparison.js";
import { pad, split, stack } from "./concat.js";
import { add, mul, sub } from "./elementwise.js";
import { matmul } from "./matmul.js";
import { max } from "./reduce.js";
import { permute, reshape, slice } from "./shape.js";
import { softmax } from "./softmax.js";
import { sum, unbroadcast } from "./sum.js";

/* The gradients of attention, which are too long for the definitions' screen. */

/** A checked attention but for its operands; `d` values a head. */
export interface Heads {
  causal: boolean;
  mask: Tensor | undefined;
  scale: number;
  sizes: { batch: number; heads: number; tq: number; tk: number; d: number };
}

type Attention = Omit<Heads, "sizes"> & { q: Tensor; k: Tensor; v: Tensor };

/** Gradients by q, k, v and mask. The weights are computed again rather than kept from the forward pass. */
export const attentionGradients: JointVjp<Heads & { q: Tensor; k: Tensor; v: Tensor }> = (
  { g, out, shapes, ...call },
  wanted,
) => {
  const made = gradientsOf(call, g, sum(mul(g, out), -1, { keepDims: true }));
  return {
    q: wanted.q ? made.q() : null,
    k: wanted.k ? made.k() : null,
    v: wanted.v ? made.v() : null,
    mask: wanted.mask ? unbroadcast(made.scores, shapes.mask) : null,
  };
};

/** Heads are taken apart on the way back only: the forward pass reads them where they lie. */
export const selfAttentionGradients: JointVjp<Heads & { qkv: Tensor }> = (
  { g, qkv, out, shapes, sizes: { heads, tq, d }, ...rest },
  wanted,
) => {
  const [batch, tokens] = qkv.shape;
  const apart = permute(reshape(qkv, [batch, tokens, 3, heads, d]), [2, 0, 3, 1, 4]);
  const [all, k, v] = split(apart, 3).map((part) => reshape(part, [batch, heads, tokens, d]));
  const q = slice(all, [null, null, [0, tq]]);
  const byHead = (x: Tensor) => permute(reshape(x, [batch, tq, heads, -1]), [0, 2, 1, 3]);
  const dot = byHead(sum(reshape(mul(g, out), [batch, tq, heads, d]), -1));
  const made = gradientsOf({ q, k, v, ...rest }, byHead(g), dot);
  const padded = (x: Tensor) =>
    pad(x, [
      [0, 0],
      [0, 0],
      [0, tokens - tq],
      [0, 0],
    ]);
  const joined = () => permute(stack([padded(made.q()), made.k(), made.v()]), [1, 3, 0, 2, 4]);
  return {
    qkv: wanted.qkv ? reshape(joined(), shapes.qkv) : null,
    mask: wanted.mask ? unbroadcast(made.scores, shapes.mask) : null,
  };
};

/** `dot` is the sum over d of g times the output, [..., heads, tq, 1]; q, k and v are [..., heads, tokens, d]. */
function gradientsOf({ q, k, v, mask, causal, scale }: Attention, g: Tensor, dot: Tensor) {
  const raw = matmul(q, k, { transposeB: true, scale });
  const hidden = causal ? add(raw, causalMask(q, k)) : raw;
  const weights = mask ? maskedSoftmax(add(hidden, mask)) : softmax(hidden);
  const scores = mul(weights, sub(matmul(g, v, { transposeB: true }), dot));
  return {
    q: () => matmul(scores, k, { scale }),
    k: () => matmul(scores, q, { transposeA: true, scale }),
    v: () => matmul(weights, g, { transposeA: true }),
    scores,
  };
}

/** The softmax of rows, 0 where a row is -Infinity throughout: a query that sees no key. */
function maskedSoftmax(scores: Tensor): Tensor {
  if (scores.size === 0) return scores;
  const seesNone = equal(max(scores, -1, { keepDims: true }), Number.NEGATIVE_INFINITY);
  return where(seesNone, 0, softmax(scores));
}

/** 0 where a query sees a key, -Infinity where it does not. */
function causalMask(q: Tensor, k: Tensor): Tensor {
  const [tq, tk] = [q.shape[q.rank - 2], k.shape[k.rank - 2]];
  const values = new Float32Array(tq * tk);
  for (let i = 0; i < tq; i++) values.fill(Number.NEGATIVE_INFINITY, i * tk + i + tk - tq + 1, (i + 1) * tk);
  return tensor(q.device, values, [tq, tk]);
}
