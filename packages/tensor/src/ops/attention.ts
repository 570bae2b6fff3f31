import { check } from "../errors.js";
import { attentionKernel } from "../kernels/attention.js";
import { planAttention } from "../kernels/plan.js";
import { broadcastStrides, formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { attentionGradients, type Heads, selfAttentionGradients } from "./attention-gradients.js";
import { defineOp, FLOATS } from "./define.js";
import type { Launch } from "./launch.js";
import { FLAG, NUMBER, TENSOR } from "./options.js";
import { generate, type Host, total, valueAt } from "./reference.js";

export interface AttentionOptions {
  /** Query i sees keys 0 to i (aligned at the end where there are more keys than queries). */
  causal?: boolean;
  /** Added to the scores, float32 broadcastable to [..., tq, tk]; -Infinity hides a key. */
  mask?: Tensor;
  /** Multiplies the scores. Default 1 / sqrt(d). */
  scale?: number;
}

const OPTIONS = { causal: FLAG, mask: TENSOR, scale: NUMBER };

type Sizes = Heads["sizes"];

/**
 * Scaled dot-product attention, softmax(scale * q k^T + mask) v, without storing the scores.
 *
 * @param q [..., heads, tq, d], with up to one axis before the heads.
 * @param k [..., heads, tk, d].
 * @param v [..., heads, tk, d].
 * @returns [..., heads, tq, d]; a query that sees no key gives 0.
 * @throws TensorError `shape` where the operands do not fit.
 * @example
 * const y = attention(q, k, v, { causal: true });
 */
export const attention = defineOp("attention", {
  check: (q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}) => {
    for (const [name, t] of Object.entries({ q, k, v })) {
      check(
        t.rank >= 2 && t.rank <= 4,
        "shape",
        () => `attention: ${name} is ${formatShape(t.shape)}; give [batch, heads, tokens, d]`,
      );
    }
    const [qs, ks, vs] = [q, k, v].map((t) => [...new Array<number>(4 - t.rank).fill(1), ...t.shape]);
    check(
      [0, 1, 3].every((i) => qs[i] === ks[i]) && ks.every((size, i) => size === vs[i]),
      "shape",
      () =>
        `attention: q is ${formatShape(q.shape)}, k ${formatShape(k.shape)}, v ${formatShape(v.shape)}; k and v must be ` +
        "equal, and q may differ from them in its tokens only",
    );
    const sizes = { batch: qs[0], heads: qs[1], tq: qs[2], tk: ks[2], d: qs[3] };
    return { q, k, v, ...checkOptions(options, sizes) };
  },
  options: { at: 3, takes: OPTIONS },
  takes: FLOATS,
  shape: ({ q }) => q.shape,
  kernel: (call, out) => {
    const { heads, tq, tk, d } = call.sizes;
    const rows = (tokens: number): Rows => ({
      offset: 0,
      batch: heads * tokens * d,
      head: tokens * d,
      token: d,
    });
    return plan([call.q, call.k, call.v], [rows(tq), rows(tk), rows(tk)], rows(tq), call, out);
  },
  flop: ({ sizes }) => flopOf(sizes),
  saves: ["q", "k", "v", "mask", "out"],
  vjp: attentionGradients,
  reference: ({ q, k, v, ...call }) =>
    generate(q.shape, (at) => {
      const [lead, i, c] = [at.slice(0, -2), at[at.length - 2], at[at.length - 1]];
      const read = (part: number, row: number, e: number) => valueAt([q, k, v][part], [...lead, row, e]);
      return attended(call, read, i, c, [0, 0, ...lead].slice(-2));
    }),
});

export interface SelfAttentionOptions extends AttentionOptions {
  /** Compute only the first `queries` tokens' rows (all tokens stay visible as keys). */
  queries?: number;
}

/**
 * Multi-head self-attention on a fused projection, heads side by side in the last axis, with no permutation.
 *
 * @param qkv [batch, tokens, 3 * width]: queries, keys, values.
 * @param heads divides width.
 * @returns [batch, tokens, width] (or [batch, queries, width]).
 * @example
 * const y = selfAttention(matmul(x, inProjection, { bias }), 14);
 */
export const selfAttention = defineOp("selfAttention", {
  check: (qkv: Tensor, heads: number, options: SelfAttentionOptions = {}) => {
    const [batch, tokens, triple] = qkv.shape;
    check(
      qkv.rank === 3 && Number.isInteger(heads) && heads >= 1 && triple % (3 * heads) === 0,
      "shape",
      () =>
        `selfAttention: qkv is ${formatShape(qkv.shape)}; its last axis must hold 3 x ${heads} heads of one width`,
    );
    const tq = Math.min(options.queries ?? tokens, tokens);
    const sizes = { batch, heads, tq, tk: tokens, d: triple / (3 * heads) };
    return { qkv, ...checkOptions(options, sizes) };
  },
  options: { at: 2, takes: { ...OPTIONS, queries: NUMBER } },
  takes: FLOATS,
  shape: ({ sizes: { batch, heads, tq, d } }) => [batch, tq, heads * d],
  kernel: (call, out) => {
    const { heads, tq, tk, d } = call.sizes;
    const width = heads * d;
    const part = (i: number): Rows => ({
      offset: i * width,
      batch: tk * 3 * width,
      head: d,
      token: 3 * width,
    });
    const target = { offset: 0, batch: tq * width, head: d, token: width };
    return plan([call.qkv, call.qkv, call.qkv], [part(0), part(1), part(2)], target, call, out);
  },
  flop: ({ sizes }) => flopOf(sizes),
  saves: ["qkv", "mask", "out"],
  vjp: selfAttentionGradients,
  reference: ({ qkv, ...call }) => {
    const { batch, heads, tq, d } = call.sizes;
    return generate([batch, tq, heads * d], ([b, i, column]) => {
      const head = Math.floor(column / d);
      const read = (part: number, row: number, e: number) =>
        valueAt(qkv, [b, row, (part * heads + head) * d + e]);
      return attended(call, read, i, column % d, [b, head]);
    });
  },
});

/** Options with their defaults, checked against the sizes. */
function checkOptions({ causal = false, mask, scale }: AttentionOptions, sizes: Sizes): Heads {
  const { batch, heads, tq, tk, d } = sizes;
  check(d >= 1 && d <= 256, "limit", () => `attention: a head of ${d} values; use heads of at most 256`);
  check(
    !causal || tk >= tq,
    "shape",
    () => `attention: causal needs at least as many keys (${tk}) as queries (${tq})`,
  );
  const target = [batch, heads, tq, tk];
  const lead = 4 - (mask?.rank ?? 0);
  check(
    !mask || (lead >= 0 && mask.shape.every((size, i) => size === 1 || size === target[i + lead])),
    "shape",
    () => `attention: mask ${formatShape(mask?.shape ?? [])} does not broadcast to ${formatShape(target)}`,
  );
  return { causal, mask, scale: scale ?? 1 / Math.sqrt(d), sizes };
}

const flopOf = ({ batch, heads, tq, tk, d }: Sizes): number => 4 * batch * heads * tq * tk * d;

/** Where a kernel finds the rows of one operand, in elements. */
interface Rows {
  offset: number;
  batch: number;
  head: number;
  token: number;
}

/** The score of a hidden key on GPUs, whose compilers may assume that nothing is infinite. */
const LOWEST = -(2 - 2 ** -23) * 2 ** 127;

/** The launch of the attention kernel on q, k and v, found by offset and strides. */
function plan(
  [q, k, v]: readonly Tensor[],
  rows: readonly Rows[],
  target: Rows,
  { causal, mask, scale, sizes }: Heads,
  out: Tensor,
): Launch {
  const { batch, heads, tq, tk, d } = sizes;
  const steps = [...rows, target].flatMap((r) => [r.offset, r.batch, r.head, r.token]);
  const variant = planAttention(
    sizes,
    [d, ...steps].every((n) => n % 4 === 0),
    out.device.caps,
    out.device.tuning,
  );
  const unit = variant.vector ? 4 : 1;
  const strides = (name: string, { batch: b, head, token }: Rows) => ({
    [`${name}Batch`]: b / unit,
    [`${name}Head`]: head / unit,
    [`${name}Token`]: token / unit,
  });
  const [maskBatch, maskHead, maskQuery, maskKey] = mask
    ? broadcastStrides(mask.shape, [batch, heads, tq, tk])
    : [0, 0, 0, 0];
  return {
    kernel: attentionKernel({ ...variant, causal, mask: mask !== undefined }),
    tensors: { q, k, v, ...(mask && { mask }) },
    uniforms: {
      tq,
      tk,
      width: d,
      parts: Math.ceil(d / 4),
      scale,
      lowest: variant.kind === "workgroup" ? LOWEST : Number.NEGATIVE_INFINITY,
      qOffset: rows[0].offset / unit,
      kOffset: rows[1].offset / unit,
      vOffset: rows[2].offset / unit,
      ...strides("q", rows[0]),
      ...strides("k", rows[1]),
      ...strides("v", rows[2]),
      ...strides("out", target),
      maskBatch,
      maskHead,
      maskQuery,
      maskKey,
    },
    grid: [Math.ceil(tq / variant.rows), heads, batch],
  };
}

/**
 * Column `c` of query `i` in float64: the values of the keys, weighted by the softmax of their scores. `read` gives a value of q, k or
 * v, and `lead` is the place in the batch and among the heads.
 */
function attended(
  { sizes: { tq, tk, d }, scale, causal, mask }: Host<Heads>,
  read: (part: number, row: number, column: number) => number,
  i: number,
  c: number,
  lead: readonly number[],
): number {
  const scores = Array.from({ length: tk }, (_, j) => {
    if (causal && j > i + tk - tq) return Number.NEGATIVE_INFINITY;
    return (
      scale * total(d, (e) => read(0, i, e) * read(1, j, e)) + (mask ? valueAt(mask, [...lead, i, j]) : 0)
    );
  });
  const largest = Math.max(...scores);
  if (largest === Number.NEGATIVE_INFINITY) return 0;
  const weights = scores.map((score) => Math.exp(score - largest));
  return total(tk, (j) => weights[j] * read(2, j, c)) / total(tk, (j) => weights[j]);
}
