import * as assert from "uvu/assert";
import { bernoulli, normal, philox, uniform } from "../src/random.js";
import { close, deviceTests, FAMILIES, throwsCode, valuesOf } from "./support.js";

const test = deviceTests([FAMILIES[0]]);

test("philox gives the published known answers", () => {
  // Vectors of philox4x32 with 10 rounds from the authors' Random123 library, file kat_vectors.
  const full = 0xffffffff;
  const answers: [[number, number, number, number], [number, number], number[]][] = [
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [full, full, full, full],
      [full, full],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ];
  for (const [counter, key, want] of answers) assert.equal([...philox(counter, key)], want);
});

/** Values `offset` to `offset` + `count` of a stream as words, on the host. */
function hostWords(seed: number, stream: number, offset: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const block = Math.floor((offset + i) / 4);
    const key = [seed >>> 0, Math.floor(seed / 2 ** 32)] as const;
    return philox([block >>> 0, Math.floor(block / 2 ** 32), stream, 0], key)[(offset + i) % 4];
  });
}

test("uniform values are the host's, bit for bit, for any seed, stream and offset", async (device) => {
  const cases = [
    { seed: 0 },
    { seed: 7, stream: 3, offset: 5 },
    { seed: 2 ** 53 - 1, stream: 2 ** 32 - 1, offset: 1 },
    // The block number passes 2^32 within the draw.
    { seed: 12_345_678_901, offset: 2 ** 34 - 6 },
  ];
  for (const options of cases) {
    const want = hostWords(options.seed, options.stream ?? 0, options.offset ?? 0, 301);
    const got = await valuesOf(() => uniform(device, [7, 43], options));
    close(
      got,
      want.map((word) => (word >>> 8) / 2 ** 24),
      0,
      JSON.stringify(options),
    );
  }
});

test("values do not depend on how a draw is split", async (device) => {
  const n = 200_003;
  const draws = [
    (count: number, offset: number) => uniform(device, [count], { seed: 9, offset }),
    (count: number, offset: number) => normal(device, [count], { seed: 9, offset }),
  ];
  for (const make of draws) {
    const whole = await valuesOf(() => make(n, 0));
    const parts = [0, 1, 6, 77_777, n];
    for (let i = 0; i + 1 < parts.length; i++) {
      const count = parts[i + 1] - parts[i];
      const part = await valuesOf(() => make(count, parts[i]));
      close(part, whole.slice(parts[i], parts[i + 1]), 0, `from ${parts[i]}`);
    }
  }
});

test("normal values are Box and Muller's of the same words", async (device) => {
  const n = 4000;
  const words = hostWords(3, 1, 0, n);
  const want = words.map((_, i) => {
    const pair = i - (i % 2);
    const radius = Math.sqrt(-2 * Math.log(((words[pair] >>> 8) + 1) / 2 ** 24));
    const turn = (2 * Math.PI * (words[pair + 1] >>> 8)) / 2 ** 24;
    return radius * (i % 2 === 0 ? Math.cos(turn) : Math.sin(turn));
  });
  close(await valuesOf(() => normal(device, [n], { seed: 3, stream: 1 })), want, 2e-6);
  const scaled = await valuesOf(() => normal(device, [n], { seed: 3, stream: 1, mean: 10, deviation: 2 }));
  close(
    scaled,
    want.map((v) => 10 + 2 * v),
    6e-6,
  );
});

test("moments and probabilities are right, streams and seeds differ", async (device) => {
  const n = 400_000;
  const moments = (x: ArrayLike<number>) => {
    const values = Array.from(x);
    const mean = values.reduce((a, b) => a + b, 0) / n;
    return [mean, values.reduce((a, b) => a + (b - mean) ** 2, 0) / n];
  };
  // Bounds are five standard errors.
  const even = await valuesOf(() => uniform(device, [n], { seed: 1, low: -1, high: 3 }));
  close(moments(even), [1, 16 / 12], 0.012);
  assert.ok(Array.from(even).every((v) => v >= -1 && v <= 3));
  close(moments(await valuesOf(() => normal(device, [n], { seed: 1 }))), [0, 1], 0.012);
  const mask = await valuesOf(() => bernoulli(device, [n], 0.3, { seed: 1 }));
  close([moments(mask)[0]], [0.3], 0.004);
  assert.instance(mask, Uint8Array);
  const first = async (seed: number, stream: number) =>
    (await valuesOf(() => uniform(device, [2], { seed, stream }))).join();
  const seen = await Promise.all([first(1, 0), first(1, 1), first(2, 0), first(2 ** 32 + 1, 0)]);
  assert.is(new Set(seen).size, 4);
});

test("edges: no values, certain and impossible, wrong arguments", async (device) => {
  assert.is((await valuesOf(() => normal(device, [0, 3], { seed: 1 }))).length, 0);
  assert.is((await valuesOf(() => uniform(device, [], { seed: 1 }))).length, 1);
  assert.equal([...(await valuesOf(() => bernoulli(device, [5], 1, { seed: 1 })))], [1, 1, 1, 1, 1]);
  assert.equal([...(await valuesOf(() => bernoulli(device, [5], 0, { seed: 1 })))], [0, 0, 0, 0, 0]);
  await throwsCode(() => bernoulli(device, [5], 1.5, { seed: 1 }), "argument", /probability 1\.5 must be/);
  await throwsCode(() => uniform(device, [5], { seed: -1 }), "argument", /uniform: seed -1 must be a whole/);
  await throwsCode(() => normal(device, [5], { seed: 1, stream: 0.5 }), "argument", /normal: stream 0\.5/);
  await throwsCode(() => normal(device, [-5], { seed: 1 }), "shape", /non-negative/);
});

test("a missing seed or device is named", async (device) => {
  const none = undefined as unknown as { seed: number };
  await throwsCode(
    () => uniform(device, [2], none),
    "argument",
    /uniform: the options are undefined; give a seed/,
  );
  await throwsCode(
    () => uniform(device, [2], {} as typeof none),
    "argument",
    /seed undefined must be a whole/,
  );
  await throwsCode(() => normal([2], { seed: 1 }), "no-device", /setDefaultDevice/);
});

test.run();
