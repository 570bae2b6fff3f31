import { recorded } from "../autograd/record.js";
import { check } from "../errors.js";
import { attentionKernel } from "../kernels/attention.js";
import { planAttention } from "../kernels/plan.js";
import { scope } from "../scope.js";
import { broadcastStrides, formatShape, type Shape } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";

export interface AttentionOptions {
  /** Query i sees keys 0 to i (aligned at the end where there are more keys than queries). */
  causal?: boolean;
  /** Added to the scores, float32 broadcastable to [..., tq, tk]; -Infinity hides a key. */
  mask?: Tensor;
  /** Multiplies the scores. Default 1 / sqrt(d). */
  scale?: number;
}

/** Where a kernel finds the rows of one operand, in elements. */
interface Layout {
  offset: number;
  batch: number;
  head: number;
  token: number;
}

/**
 * Scaled dot-product attention, softmax(scale * q k^T + mask) v, without storing the scores.
 *
 * @param q [..., heads, tq, d], with up to one axis before the heads.
 * @param k [..., heads, tk, d].
 * @param v [..., heads, tk, d].
 * @returns [..., heads, tq, d]; a query that sees no key gives NaN.
 * @throws TensorError `shape` where the operands do not fit.
 * @example
 * const y = attention(q, k, v, { causal: true });
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  return recorded("attention", [q, k, v, options.mask], options, () => attend(q, k, v, options));
}

function attend(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions): Tensor {
  return scope(() => {
    for (const [name, t] of Object.entries({ q, k, v })) {
      check(
        t.rank >= 2 && t.rank <= 4,
        "shape",
        () => `attention: ${name} is ${formatShape(t.shape)}; give [batch, heads, tokens, d]`,
      );
    }
    const four = (t: Tensor) => [...new Array<number>(4 - t.rank).fill(1), ...t.shape];
    const [qs, ks, vs] = [four(q), four(k), four(v)];
    const fits =
      [0, 1].every((i) => qs[i] === ks[i]) && [0, 1, 2, 3].every((i) => ks[i] === vs[i]) && qs[3] === ks[3];
    check(
      fits,
      "shape",
      () =>
        `attention: q is ${formatShape(q.shape)}, k ${formatShape(k.shape)}, v ${formatShape(v.shape)}; k and v must be ` +
        "equal, and q may differ from them in its tokens only",
    );
    const layout = (s: number[]): Layout => ({
      offset: 0,
      batch: s[1] * s[2] * s[3],
      head: s[2] * s[3],
      token: s[3],
    });
    const [batch, heads, tq, width] = qs;
    return run({
      operands: [q, k, v],
      layouts: [layout(qs), layout(ks), layout(vs)],
      out: { shape: q.shape, layout: layout(qs) },
      sizes: { batch, heads, tq, tk: ks[2], width },
      options,
    });
  });
}

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
export function selfAttention(qkv: Tensor, heads: number, options: SelfAttentionOptions = {}): Tensor {
  const attributes = { ...options, heads };
  return recorded("selfAttention", [qkv, options.mask], attributes, () => attendFused(qkv, heads, options));
}

function attendFused(qkv: Tensor, heads: number, options: SelfAttentionOptions): Tensor {
  const [batch, tokens, triple] = qkv.shape;
  return scope(() => {
    check(
      qkv.rank === 3 && triple % (3 * heads) === 0,
      "shape",
      () =>
        `selfAttention: qkv is ${formatShape(qkv.shape)}; its last axis must hold 3 x ${heads} heads of one width`,
    );
    const width = triple / 3;
    const d = width / heads;
    const part = (i: number): Layout => ({
      offset: i * width,
      batch: tokens * triple,
      head: d,
      token: triple,
    });
    const tq = Math.min(options.queries ?? tokens, tokens);
    const source = cast(qkv, "float32");
    return run({
      operands: [source, source, source],
      layouts: [part(0), part(1), part(2)],
      out: { shape: [batch, tq, width], layout: { offset: 0, batch: tq * width, head: d, token: width } },
      sizes: { batch, heads, tq, tk: tokens, width: d },
      options,
    });
  });
}

interface Job {
  operands: [Tensor, Tensor, Tensor];
  layouts: [Layout, Layout, Layout];
  out: { shape: Shape; layout: Layout };
  sizes: { batch: number; heads: number; tq: number; tk: number; width: number };
  options: AttentionOptions;
}

function run({ operands, layouts, out: target, sizes, options }: Job): Tensor {
  const { batch, heads, tq, tk, width } = sizes;
  const { causal = false, mask, scale = 1 / Math.sqrt(width) } = options;
  check(
    width >= 1 && width <= 256,
    "limit",
    () => `attention: a head of ${width} values; use heads of at most 256`,
  );
  check(
    !causal || tk >= tq,
    "shape",
    () => `attention: causal needs at least as many keys (${tk}) as queries (${tq})`,
  );
  const device = commonDevice("attention", operands);
  const out = Tensor.empty(device, target.shape);
  if (out.size === 0) return out;
  const maskStrides = mask ? broadcastStrides(mask.shape, [batch, heads, tq, tk]) : [0, 0, 0, 0];
  if (mask) checkMask(mask, [batch, heads, tq, tk]);
  const steps = layouts.flatMap(({ offset, batch: b, head, token }) => [offset, b, head, token]);
  const whole = [width, ...steps, target.layout.batch, target.layout.head, target.layout.token];
  const plan = planAttention(
    tq,
    width,
    whole.every((n) => n % 4 === 0),
    device.caps,
  );
  const unit = plan.vector ? 4 : 1;
  const [q, k, v] = operands.map((t) => cast(t, "float32"));
  const place = (name: string, { batch: b, head, token }: Layout) => ({
    [`${name}Batch`]: b / unit,
    [`${name}Head`]: head / unit,
    [`${name}Token`]: token / unit,
  });
  const { layout } = target;
  launch(
    attentionKernel({ ...plan, headWidth: width, causal, mask: mask !== undefined }),
    { q, k, v, out, ...(mask ? { mask: cast(mask, "float32") } : {}) },
    {
      tq,
      tk,
      width,
      parts: Math.ceil(width / 4),
      scale,
      lowest: Number.NEGATIVE_INFINITY,
      qOffset: layouts[0].offset / unit,
      kOffset: layouts[1].offset / unit,
      vOffset: layouts[2].offset / unit,
      ...place("q", layouts[0]),
      ...place("k", layouts[1]),
      ...place("v", layouts[2]),
      ...place("out", layout),
      maskBatch: maskStrides[0],
      maskHead: maskStrides[1],
      maskQuery: maskStrides[2],
      maskKey: maskStrides[3],
    },
    [Math.ceil(tq / plan.rows), heads, batch],
    4 * batch * heads * tq * tk * width,
  );
  return out;
}

function checkMask(mask: Tensor, target: Shape): void {
  const lead = target.length - mask.rank;
  check(
    lead >= 0 && mask.shape.every((d, i) => d === 1 || d === target[i + lead]),
    "shape",
    () => `attention: mask ${formatShape(mask.shape)} does not broadcast to ${formatShape(target)}`,
  );
}
