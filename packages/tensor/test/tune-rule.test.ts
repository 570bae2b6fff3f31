import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import {
  type AttentionOptions,
  attention,
  cast,
  conv2dLast,
  foldLayerNorm,
  matmul,
  nearest,
  nearestRows,
  packBank,
  packConvLast,
  packMatrix,
  prepareTuning,
  ruleOf,
  scope,
  type Tensor,
  tensor,
  uniform,
} from "../src/index.js";
import { gemmCandidates, planAttention, planGemm, planNearest, ruleTiles } from "../src/kernels/plan.js";
import type { Tile } from "../src/kernels/tile.js";
import { RULE_KEY, SEARCH_KEY, tuningKey } from "../src/kernels/tuning.js";
import { measureRule, restoreTuning } from "../src/tune.js";
import { deviceTests } from "./support.js";

// The families that have more than one rule.
const test = deviceTests(["subgroup"]);
const gpu = deviceTests(["workgroup"]);

test("without a measured rule the default plans; with one, its tiles do, and a tile of tune's for the shape wins", ({
  caps,
}) => {
  const [byDefault, panel] = ruleTiles(caps);
  const tuning = new Map([[RULE_KEY, panel]]);
  const planned = (tuning?: Map<string, Tile>) => planGemm(226, 896, 3584, caps, tuning, 1, { run: 896 });
  assert.equal(planned(), byDefault);
  assert.equal(planned(tuning), panel);
  const shape = gemmCandidates(caps).find(({ rows }) => rows === 40)!;
  tuning.set(tuningKey(226, 896, 3584), shape);
  assert.equal(planned(tuning), shape);
});

test("a file's rule must be one of this adapter's: another tile is left out", ({ caps }) => {
  const tuning = new Map<string, Tile>();
  const other = gemmCandidates(caps).find(({ rows }) => rows === 24)!;
  assert.is(restoreTuning({ caps, tuning }, { [RULE_KEY]: other, [tuningKey(1, 2, 3)]: other }), 1);
  assert.not.ok(tuning.has(RULE_KEY));
});

test("panel tiles plan large products of packed matrices alone, and others follow the default", ({
  caps,
}) => {
  const [byDefault, panel] = ruleTiles(caps);
  assert.is(panel.kind, "panel");
  const tuning = new Map([[RULE_KEY, panel]]);
  const planned = (m: number, k: number, n: number, run = k) =>
    planGemm(m, k, n, caps, tuning, 1, { run }).kind;
  assert.is(planned(226, 896, 3584), "panel");
  // Few workgroups: shorter tiles.
  const rows = (m: number, n: number) => planGemm(m, 768, n, caps, tuning, 1, { run: 768 }).rows;
  assert.equal([rows(226, 896), rows(197, 192), rows(2000, 192)], [257, 129, 257]);
  // Rows that are no panels' operand, runs that no block divides, few rows or columns, and little work.
  for (const shape of [
    [226, 896, 3584, 0],
    [226, 900, 3584],
    [226, 9 * 32, 3584, 32],
    [31, 8192, 8192],
    [8192, 8192, 4 * byDefault.lanes],
    [64, 192, 192],
  ] as const)
    assert.is(planned(...(shape as [number, number, number])), "subgroup", `${shape}`);
  assert.is(planGemm(226, 900, 3584, caps, tuning, 1, { run: 900 }).steps, byDefault.steps);
  assert.is(planNearest(225, 896, 900, caps, tuning).tile.rows, 38);
  tuning.set(SEARCH_KEY, panel);
  assert.is(planNearest(225, 896, 900, caps, tuning).tile.kind, "panel");
  assert.is(planNearest(225, 900, 900, caps, tuning).tile.kind, "subgroup");
  tuning.set(tuningKey(226, 896, 3584), panel);
  assert.is(planned(226, 896, 3584, 0), "subgroup");
});

test("attention by panels gives the bits of other tiles: more queries than rows, causal and masked", async (device) => {
  const { lanes } = ruleTiles(device.caps)[0];
  const panel = ruleTiles(device.caps).find(({ kind }) => kind === "panel")!;
  const [narrow, wide] = [4 * lanes, 8 * lanes];
  const cases: Readonly<
    Record<string, readonly [number, number, number, AttentionOptions & { masked?: boolean }]>
  > = {
    "more queries than a tile's rows": [panel.rows + 9, 131, wide, { scale: 0.3 }],
    "causal and masked, more keys": [48, 75, narrow, { causal: true, masked: true }],
  };
  for (const [name, [tq, tk, d, { masked, ...options }]] of Object.entries(cases)) {
    const heads = Math.ceil(2 ** 21 / (tq * tk * d));
    const run = async (rule?: Tile) => {
      if (rule) device.tuning.set(RULE_KEY, rule);
      const sizes = { batch: 2, heads, tq, tk, d };
      assert.is(
        planAttention(sizes, true, device.caps, device.tuning).kind,
        rule ? "panel" : "subgroup",
        name,
      );
      const result = scope(() => {
        const of = (seed: number, tokens: number) => uniform(device, [2, heads, tokens, d], { seed });
        // A query in three sees every second key alone, one in three none.
        const hidden = (query: number, key: number) => query % 3 === 2 || (query % 3 === 1 && key % 2 === 1);
        const seen = Float32Array.from({ length: tq * tk }, (_, i) =>
          hidden(Math.floor(i / tk), i % tk) ? Number.NEGATIVE_INFINITY : 0,
        );
        const mask = masked ? { mask: tensor(device, seen, [1, 1, tq, tk]) } : {};
        return attention(of(1, tq), of(2, tk), of(3, tk), { ...options, ...mask });
      });
      const bits = [...(await result.data())];
      result.dispose();
      device.tuning.clear();
      return bits;
    };
    const want = await run();
    assert.equal(await run(panel), want, name);
    assert.ok(want.every(Number.isFinite) && want.some((value) => value !== 0), name);
  }
});

test("panel tiles give the bits of others: packed halves, batches, layer norms, windows and searches", async (device) => {
  const { lanes } = ruleTiles(device.caps)[0];
  const tiles: Tile[] = [
    { kind: "subgroup", lanes, lines: 1, rows: 8, vectors: 1, steps: 1 },
    { kind: "subgroup", lanes, lines: 1, rows: 8, vectors: 1, steps: 2 },
    { kind: "panel", lanes, lines: 1, rows: 9, vectors: 1, steps: 4 * lanes },
  ];
  const k = 8 * lanes;
  const of = (seed: number, ...shape: number[]) => uniform(device, shape, { seed });
  const folded = () => foldLayerNorm(of(5, 64, k), of(6, 64), { weight: of(7, k), bias: of(8, k) });
  const convolved = (options: { padding?: number; stride?: number }) =>
    conv2dLast(of(1, 2, 5, 6, k), packConvLast(of(2, 40, k, 3, 3)), options);
  const products: Readonly<Record<string, readonly [string, () => Tensor]>> = {
    halves: [
      tuningKey(20, k, 72),
      () =>
        matmul(of(1, 20, k), packMatrix(of(2, k, 72), { dtype: "float16" }), {
          ...{ bias: of(3, 72), residual: of(4, 20, 72), activation: "gelu" },
        }),
    ],
    batch: [tuningKey(20, k, 40), () => matmul(of(1, 3, 20, k), packMatrix(of(2, 3, k, 40)))],
    norm: [
      tuningKey(20, k, 64),
      () => scope(() => matmul(of(1, 20, k), folded().matrix, { bias: folded().bias, layerNorm: {} })),
    ],
    windows: [tuningKey(2 * 5 * 6, 9 * k, 40), () => convolved({ padding: 1 })],
    similarity: [
      tuningKey(20, k, 72),
      () => nearest(of(1, 20, k), packBank(of(2, 72, k), { dtype: "float16" })).similarity,
    ],
    index: [tuningKey(20, k, 72), () => cast(nearest(of(1, 20, k), of(2, 72, k)).index, "float32")],
    distances: [tuningKey(60, k, 40), () => nearestRows(of(1, 3, 20, k), of(2, 3, 40, k)).squared],
    strides: [tuningKey(2 * 3 * 3, 9 * k, 40), () => convolved({ padding: 1, stride: 2 })],
  };
  for (const [name, [key, make]] of Object.entries(products)) {
    const bits: number[][] = [];
    for (const tile of tiles) {
      device.tuning.set(key, tile);
      const result = scope(make);
      bits.push([...(await result.data())]);
      result.dispose();
    }
    for (const others of bits.slice(1)) assert.equal(others, bits[0], name);
    assert.ok(
      bits[0].some((value) => value !== 0),
      name,
    );
  }
  device.tuning.clear();
});

test("the first use measures and keeps the rule, the second reads it; a folder that cannot be written costs one line", async (device) => {
  const folder = mkdtempSync(join(tmpdir(), "inctrl-rule-"));
  try {
    assert.is(ruleOf(device)?.measured, false);
    const path = join(folder, "kept", "tiles.json");
    assert.is(await prepareTuning(device, path, { measure: false }), null);
    const lines: string[] = [];
    const options = { onNotice: (text: string) => void lines.push(text) };
    const found = await prepareTuning(device, path, options);
    assert.ok(
      found &&
        found.candidates === ruleTiles(device.caps).length &&
        found.bestMs > 0 &&
        found.bestMs <= found.plannedMs,
    );
    const kept = JSON.parse(readFileSync(path, "utf8")).tiles;
    assert.equal(kept[RULE_KEY], found.best);
    const searchGains = found.best.kind === "panel" && found.plannedMs >= 1.25 * found.bestMs;
    assert.equal(kept[SEARCH_KEY], searchGains ? found.best : undefined);
    device.tuning.clear();
    assert.is(await prepareTuning(device, path, options), null);
    assert.equal(ruleOf(device), { tile: found.best, measured: true });
    device.tuning.clear();
    assert.equal(lines, []);
    writeFileSync(join(folder, "file"), "");
    await prepareTuning(device, join(folder, "file", "tiles.json"), options);
    assert.is(lines.length, 1);
    assert.match(lines[0], /not kept.*again next time/);
    assert.is(ruleOf(device)?.measured, true);
  } finally {
    device.tuning.clear();
    rmSync(folder, { recursive: true });
  }
});

gpu(
  "tiles of a GPU give the same bits, and the fastest for one image's product becomes the rule",
  async (device) => {
    const [x, w] = [uniform(device, [226, 16], { seed: 1 }), uniform(device, [96, 16], { seed: 2 })];
    const tiles = ruleTiles(device.caps);
    const bits: number[][] = [];
    for (const tile of tiles) {
      device.tuning.set(tuningKey(226, 16, 96), tile);
      const product = matmul(x, w, { transposeB: true });
      bits.push([...(await product.data())]);
      product.dispose();
    }
    for (const [i, each] of bits.entries()) assert.equal(each, bits[0], JSON.stringify(tiles[i]));
    for (const each of [x, w]) each.dispose();
    device.tuning.clear();
    // The kernels are those of a GPU, and so slow here that a small product has to do.
    const found = await measureRule(device, [226, 8, 96], 1);
    assert.is(found?.candidates, tiles.length);
    assert.equal(ruleOf(device), { tile: found?.best, measured: true });
    assert.equal(planGemm(226, 896, 896, device.caps, device.tuning), found?.best);
    device.tuning.clear();
  },
);

test.run();
gpu.run();
