import * as assert from "uvu/assert";
import { nn, type Tensor, tensor } from "../../src/index.js";
import { close, deviceTests, throwsCode } from "../support.js";
import { agrees, linear } from "./support.js";

const test = deviceTests();

test("SelfAttention: names, start and the whole gradient, full, causal and masked", async (device) => {
  const [tokens, width, heads] = [3, 4, 2];
  using layer = new nn.SelfAttention(width, heads, { seed: 2 }).to(device);
  assert.equal(
    [...layer.namedParameters()].map(([name, { value }]) => [name, ...value.shape]),
    [
      ["in_proj_weight", 12, 4],
      ["in_proj_bias", 12],
      ["out_proj.weight", 4, 4],
      ["out_proj.bias", 4],
    ],
  );
  const start = await layer.in_proj_weight.value.data();
  assert.ok(start.every((v) => Math.abs(v) <= Math.sqrt(6 / 16)));
  close((await layer.out_proj.bias?.value.data()) ?? [], [0, 0, 0, 0], 0);
  const d = width / heads;
  const attended = (
    [x, wIn, bIn, wOut, bOut]: Float64Array[],
    hidden: (i: number, j: number) => number,
  ): Float64Array => {
    const qkv = linear(x, wIn, bIn, width, 3 * width);
    const at = (b: number, t: number, part: number, h: number, c: number) =>
      qkv[(b * tokens + t) * 3 * width + part * width + h * d + c];
    const mixed = new Float64Array(x.length);
    for (let b = 0; b < x.length / (tokens * width); b++)
      for (let h = 0; h < heads; h++)
        for (let i = 0; i < tokens; i++) {
          const e = Array.from({ length: tokens }, (_, j) => {
            let dot = 0;
            for (let c = 0; c < d; c++) dot += at(b, i, 0, h, c) * at(b, j, 1, h, c);
            return Math.exp(dot / Math.sqrt(d) + hidden(i, j));
          });
          const total = e.reduce((s, v) => s + v, 0);
          for (let c = 0; c < d; c++)
            for (let j = 0; j < tokens; j++)
              mixed[(b * tokens + i) * width + h * d + c] += (e[j] / total) * at(b, j, 2, h, c);
        }
    return linear(mixed, wOut, bOut, width, width);
  };
  const after = (i: number, j: number) => (j > i ? Number.NEGATIVE_INFINITY : 0);
  const slope = (i: number, j: number) => 0.3 * (i - j);
  const mask = tensor(
    device,
    Float32Array.from({ length: tokens * tokens }, (_, at) => slope(Math.floor(at / tokens), at % tokens)),
    [tokens, tokens],
  );
  const cases = [
    [{}, () => 0],
    [{ causal: true }, after],
    [{ mask }, slope],
    [{ causal: true, mask }, (i: number, j: number) => after(i, j) + slope(i, j)],
  ] as [{ causal?: boolean; mask?: Tensor }, (i: number, j: number) => number][];
  for (const [options, hidden] of cases) {
    await agrees(
      device,
      layer,
      (x) => layer.forward(x, options),
      [2, tokens, width],
      (...given) => attended(given, hidden),
    );
  }
  mask.dispose();
  await throwsCode(() => new nn.SelfAttention(6, 4), "argument", /6 does not divide into 4 heads/);
});

test.run();
