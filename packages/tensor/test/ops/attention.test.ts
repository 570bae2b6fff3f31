import { attention, type Device, selfAttention, tensor } from "../../src/index.js";
import { close, deviceTests, FAMILIES, random, throwsCode, valuesOf } from "../support.js";

const test = deviceTests(FAMILIES);

interface Sizes {
  batch: number;
  heads: number;
  tq: number;
  tk: number;
  d: number;
}

/** Attention as its definition reads, in float64. */
function reference(
  q: Float32Array,
  k: Float32Array,
  v: Float32Array,
  { batch, heads, tq, tk, d }: Sizes,
  bias: (b: number, h: number, i: number, j: number) => number,
  scale = 1 / Math.sqrt(d),
): Float64Array {
  const out = new Float64Array(batch * heads * tq * d);
  for (let g = 0; g < batch * heads; g++) {
    for (let i = 0; i < tq; i++) {
      const scores = Array.from({ length: tk }, (_, j) => {
        let dot = 0;
        for (let e = 0; e < d; e++) dot += q[(g * tq + i) * d + e] * k[(g * tk + j) * d + e];
        return dot * scale + bias(Math.floor(g / heads), g % heads, i, j);
      });
      const top = Math.max(...scores);
      const weights = scores.map((s) => Math.exp(s - top));
      const total = weights.reduce((a, b) => a + b, 0);
      for (let e = 0; e < d; e++) {
        let sum = 0;
        for (let j = 0; j < tk; j++) sum += weights[j] * v[(g * tk + j) * d + e];
        out[(g * tq + i) * d + e] = sum / total;
      }
    }
  }
  return out;
}

/** Heads of one lane, of part of a vector, of whole vectors, of one and a part; short and tall tiles. */
const cases: Sizes[] = [
  { batch: 1, heads: 1, tq: 1, tk: 1, d: 1 },
  { batch: 2, heads: 3, tq: 17, tk: 17, d: 10 },
  { batch: 2, heads: 2, tq: 33, tk: 50, d: 10 },
  { batch: 2, heads: 2, tq: 70, tk: 70, d: 64 },
  { batch: 1, heads: 1, tq: 5, tk: 100, d: 40 },
];

/** Sizes of wide heads, for which only GPUs have kernels of their own. */
const onGpu = (device: Device, ...sizes: Sizes[]): Sizes[] =>
  device.caps.family === "workgroup" ? sizes : [];

test("attention equals its definition", async (device) => {
  const widths = [80, 121, 131].map((d) => ({ batch: 1, heads: 2, tq: 37, tk: 39, d }));
  for (const sizes of [...cases, ...onGpu(device, ...widths)]) {
    const { batch, heads, tq, tk, d } = sizes;
    const q = random(1, batch * heads * tq * d, -2, 2);
    const k = random(2, batch * heads * tk * d, -2, 2);
    const v = random(3, batch * heads * tk * d);
    const got = await valuesOf(() =>
      attention(
        tensor(device, q, [batch, heads, tq, d]),
        tensor(device, k, [batch, heads, tk, d]),
        tensor(device, v, [batch, heads, tk, d]),
      ),
    );
    close(
      got,
      reference(q, k, v, sizes, () => 0),
      3e-6,
      JSON.stringify(sizes),
    );
  }
});

test("a causal mask hides later keys, aligned at the end", async (device) => {
  for (const sizes of [
    { batch: 1, heads: 5, tq: 37, tk: 37, d: 10 },
    { batch: 1, heads: 1, tq: 3, tk: 40, d: 10 },
    { batch: 1, heads: 2, tq: 37, tk: 53, d: 12 },
    ...onGpu(device, { batch: 1, heads: 1, tq: 37, tk: 37, d: 72 }),
  ]) {
    const { heads, tq, tk, d } = sizes;
    const [q, k, v] = [random(4, heads * tq * d), random(5, heads * tk * d), random(6, heads * tk * d)];
    const got = await valuesOf(() =>
      attention(
        tensor(device, q, [heads, tq, d]),
        tensor(device, k, [heads, tk, d]),
        tensor(device, v, [heads, tk, d]),
        { causal: true },
      ),
    );
    const bias = (_b: number, _h: number, i: number, j: number) => (j > i + tk - tq ? -Infinity : 0);
    close(got, reference(q, k, v, sizes, bias), 2e-6);
  }
});

test("an arbitrary mask broadcasts and may hide whole blocks of keys", async (device) => {
  const sizes = { batch: 2, heads: 2, tq: 37, tk: 45, d: 10 };
  const { batch, heads, tq, tk, d } = sizes;
  const count = batch * heads * d;
  const [q, k, v] = [random(7, count * tq), random(8, count * tk), random(9, count * tk)];
  const mask = random(10, batch * tq * tk);
  // The first 20 keys, more than a block of the kernel, are hidden from every query of the first sample.
  for (let i = 0; i < tq; i++) for (let j = 0; j < 20; j++) mask[i * tk + j] = -Infinity;
  const got = await valuesOf(() =>
    attention(
      tensor(device, q, [batch, heads, tq, d]),
      tensor(device, k, [batch, heads, tk, d]),
      tensor(device, v, [batch, heads, tk, d]),
      { mask: tensor(device, mask, [batch, 1, tq, tk]), scale: 0.7 },
    ),
  );
  close(
    got,
    reference(q, k, v, sizes, (b, _h, i, j) => mask[(b * tq + i) * tk + j], 0.7),
    2e-6,
  );
});

test("a query that sees no key gives 0, others stay right", async (device) => {
  const mask = Float32Array.of(-Infinity, -Infinity, 0, -Infinity);
  const got = await valuesOf(() =>
    attention(tensor(device, [[1], [1]]), tensor(device, [[1], [1]]), tensor(device, [[3], [4]]), {
      mask: tensor(device, mask, [2, 2]),
    }),
  );
  close(got, [0, 3], 0);
});

test("selfAttention reads the fused projection, and can stop after the first queries", async (device) => {
  const [batch, tokens, heads, d] = [2, 19, 3, 10];
  const width = heads * d;
  const qkv = random(11, batch * tokens * 3 * width);
  const part = (i: number) => {
    const out = new Float32Array(batch * heads * tokens * d);
    for (let b = 0; b < batch; b++)
      for (let h = 0; h < heads; h++)
        for (let t = 0; t < tokens; t++)
          for (let e = 0; e < d; e++)
            out[((b * heads + h) * tokens + t) * d + e] =
              qkv[(b * tokens + t) * 3 * width + i * width + h * d + e];
    return out;
  };
  const sizes = { batch, heads, tq: tokens, tk: tokens, d };
  const byHead = reference(part(0), part(1), part(2), sizes, () => 0);
  const want = (queries: number) => {
    const out: number[] = [];
    for (let b = 0; b < batch; b++)
      for (let t = 0; t < queries; t++)
        for (let h = 0; h < heads; h++)
          for (let e = 0; e < d; e++) out.push(byHead[((b * heads + h) * tokens + t) * d + e]);
    return out;
  };
  const make = () => tensor(device, qkv, [batch, tokens, 3 * width]);
  close(await valuesOf(() => selfAttention(make(), heads)), want(tokens), 2e-6);
  close(await valuesOf(() => selfAttention(make(), heads, { queries: 1 })), want(1), 2e-6);
});

test("no sample of a batch sees another: alone and in a batch give the same bits", async (device) => {
  for (const head of [10, 80]) {
    const [tokens, heads, width] = [40, 2, 2 * head];
    const qkv = random(12, 5 * tokens * 3 * width);
    const all = await valuesOf(() => selfAttention(tensor(device, qkv, [5, tokens, 3 * width]), heads));
    const size = tokens * 3 * width;
    const third = await valuesOf(() =>
      selfAttention(tensor(device, qkv.slice(2 * size, 3 * size), [1, tokens, 3 * width]), heads),
    );
    close(third, all.slice(2 * tokens * width, 3 * tokens * width), 0);
  }
});

test("operands that do not fit are refused", async (device) => {
  const q = tensor(device, new Float32Array(12), [1, 3, 4]);
  const k = tensor(device, new Float32Array(10), [1, 2, 5]);
  await throwsCode(() => attention(q, k, k), "shape", /q is \[1, 3, 4\]/);
  await throwsCode(() => attention(q, q, q, { mask: k }), "shape", /mask \[1, 2, 5\]/);
  await throwsCode(() => selfAttention(q, 7), "shape", /3 x 7 heads/);
  q.dispose();
  k.dispose();
});

test.run();
