import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { chooseFamily, type KernelFamily } from "../../src/device/caps.js";
import { gridStride, perValue, WORKGROUP } from "../../src/kernels/grid.js";
import { matrixTile } from "../../src/kernels/matrix.js";
import {
  panelWidth,
  planAttention,
  planGemm,
  planNearest,
  planReduce,
  planRows,
  ruleTiles,
} from "../../src/kernels/plan.js";
import { tileHeight, tileWidth } from "../../src/kernels/tile.js";
import { MATRIX_KEY, RULE_KEY, tuningKey } from "../../src/kernels/tuning.js";
import { FAMILIES } from "../support.js";

const caps = (family: KernelFamily, subgroupSize = family === "subgroup" ? 8 : 0) => ({
  family,
  subgroupSize,
  software: family !== "workgroup",
  maxWorkgroupBytes: 32768,
});
const sizes = fc.integer({ min: 1, max: 5000 });
const family = fc.constantFrom(...FAMILIES);

test("a family that needs subgroups falls back where there are none of one size", () => {
  assert.is(chooseFamily(true, 8), "subgroup");
  assert.is(chooseFamily(true, 0), "register");
  assert.is(chooseFamily(false, 32), "workgroup");
  assert.is(chooseFamily(false, 0, "subgroup"), "register");
  assert.is(chooseFamily(true, 8, "workgroup"), "workgroup");
});

test("tiles are of whole panels and stay within what fits the instruction cache", () => {
  fc.assert(
    fc.property(family, fc.constantFrom(4, 8, 16), sizes, sizes, sizes, (kind, lanes, m, k, n) => {
      const c = caps(kind, kind === "subgroup" ? lanes : 0);
      const tile = planGemm(m, k, n, c);
      assert.is(tile.kind, kind);
      // A tile covers panels, or a share of one.
      assert.is(kind === "workgroup" ? panelWidth(c) % tileWidth(tile) : 4 * tile.lanes - panelWidth(c), 0);
      assert.ok(tile.rows >= 1 && tile.rows <= 29 && tile.vectors >= 1 && tile.vectors <= 2);
      assert.is(tile.lines > 1, kind === "workgroup");
      assert.is(k % tile.steps, 0);
    }),
  );
});

test("few rows take the shortest tile, others one that wastes few", () => {
  const rows = (m: number) => planGemm(m, 640, 896, caps("subgroup")).rows;
  assert.equal([1, 50, 197, 226, 240, 1808].map(rows), [8, 26, 29, 29, 24, 29]);
  assert.is(planNearest(225, 896, 1800, caps("subgroup")).tile.rows, 38);
  assert.is(planGemm(1, 640, 896, caps("register")).rows, 4);
  assert.is(planGemm(240, 640, 20, caps("subgroup")).vectors, 1);
  assert.is(planGemm(240, 45, 896, caps("subgroup")).steps, 1);
});

test("on a GPU the tile is the largest that keeps it busy, and little of it is empty", () => {
  const size = (m: number, n: number, batch = 1) => {
    const tile = planGemm(m, 896, n, caps("workgroup"), undefined, batch);
    return `${tileHeight(tile)} x ${tileWidth(tile)}`;
  };
  assert.equal([size(226, 896), size(226, 3584), size(197, 576)], ["64 x 64", "128 x 64", "32 x 64"]);
  assert.equal([size(1808, 896), size(1808, 3584), size(226, 896, 8)], ["128 x 64", "128 x 64", "128 x 64"]);
  assert.equal([size(1, 896), size(16, 49408), size(20, 49408)], ["16 x 32", "16 x 32", "32 x 64"]);
  assert.equal(
    [12, 18, 19].map((k) => planGemm(226, k, 896, caps("workgroup")).steps),
    [4, 1, 1],
  );
});

test("few rows that keep a GPU idle take no workgroup memory, where their values lie in whole blocks", () => {
  const gpu = caps("workgroup");
  const kind = (m: number, k: number, n: number, batch = 1, run = k) =>
    planGemm(m, k, n, gpu, undefined, batch, { run }).kind;
  for (const m of [1, 10, 16]) assert.is(kind(m, 640, 640), "direct");
  assert.is(kind(17, 640, 640), "workgroup");
  // More workgroups would read panels faster than caches answer.
  assert.equal([kind(16, 640, 768), kind(16, 640, 772)], ["direct", "workgroup"]);
  assert.equal([kind(2, 64, 64, 96), kind(2, 64, 64, 97)], ["direct", "workgroup"]);
  assert.equal([kind(10, 656, 640), kind(10, 640, 640, 1, 0)], ["workgroup", "workgroup"]);
  assert.is(planNearest(10, 640, 640, gpu).tile.kind, "workgroup");
  // Nor does a search take the one that was kept for a product.
  const kept = new Map([[tuningKey(10, 640, 640), planGemm(10, 640, 640, gpu, undefined, 1, { run: 640 })]]);
  assert.is(planNearest(10, 640, 640, gpu, kept).tile.kind, "workgroup");
});

test("on a GPU that was measured, one image's product takes the fastest tile, and others the largest that keep it as busy", () => {
  const gpu = caps("workgroup");
  const sizes = ruleTiles(gpu).map((fastest) => {
    const tuning = new Map([[RULE_KEY, fastest]]);
    assert.equal(planGemm(226, 896, 896, gpu, tuning), fastest);
    const others = [planGemm(226, 896, 3584, gpu, tuning), planGemm(1808, 896, 896, gpu, tuning)];
    return [fastest, ...others].map((tile) => `${tileHeight(tile)} x ${tileWidth(tile)}`);
  });
  assert.equal(sizes, [
    ["64 x 64", "128 x 64", "128 x 64"],
    ["128 x 64", "128 x 64", "128 x 64"],
    ["32 x 64", "128 x 64", "128 x 64"],
    ["32 x 32", "64 x 64", "64 x 64"],
    ["16 x 32", "32 x 64", "32 x 64"],
  ]);
});

test("matrices multiply halves where that was decided, any number of rows alike, and nothing else", () => {
  const gpu = caps("workgroup");
  const matrix = matrixTile({ m: 16, n: 16, k: 16, lanes: 32, named: false });
  assert.equal([tileHeight(matrix), tileWidth(matrix), matrix.lanes * matrix.lines], [64, 64, 4 * 32]);
  const kind = (m: number, k: number, tuning: Map<string, typeof matrix>, halves = true) =>
    planGemm(m, k, 896, gpu, tuning, 1, { halves }).kind;
  const plain = planGemm(226, 896, 896, gpu);
  const decided = new Map([
    [MATRIX_KEY, matrix],
    [tuningKey(226, 896, 896), plain],
  ]);
  for (const m of [1, 17, 226, 1808]) assert.is(kind(m, 896, decided), "matrix");
  const height = (m: number) => tileHeight(planGemm(m, 896, 896, gpu, decided, 1, { halves: true }));
  assert.equal([16, 192, 193, 1808].map(height), [32, 32, 64, 64]);
  assert.is(kind(226, 896, decided, false), "workgroup");
  assert.is(kind(226, 898, decided), "workgroup");
  assert.is(kind(226, 896, new Map([[MATRIX_KEY, plain]])), "workgroup");
  assert.is(kind(226, 896, new Map()), "workgroup");
  assert.is(planNearest(225, 896, 900, gpu, decided).tile.kind, "workgroup");
});

test("little work takes the smallest tile, however it is cut into products", () => {
  const tile = (m: number, n: number, batch = 1, kind: KernelFamily = "subgroup") => {
    const { rows, vectors } = planGemm(m, 64, n, caps(kind), undefined, batch);
    return `${rows} x ${vectors}`;
  };
  assert.equal([tile(29, 64), tile(29, 70), tile(29, 72)], ["8 x 1", "8 x 1", "29 x 2"]);
  // Columns count as if they filled the lanes.
  assert.equal([tile(63, 1), tile(64, 1)], ["8 x 1", "24 x 1"]);
  assert.equal([tile(29, 64, 1), tile(29, 64, 2)], ["8 x 1", "29 x 2"]);
  assert.equal([tile(29, 64, 1, "register"), tile(29, 72, 1, "register")], ["4 x 1", "8 x 2"]);
  const rows = (batch: number) =>
    planAttention({ batch, heads: 2, tq: 17, tk: 17, d: 8 }, true, caps("subgroup")).rows;
  assert.equal([rows(1), rows(15)], [8, 24]);
});

test("rows are cut into parts only where cores would idle, and no part is empty", () => {
  fc.assert(
    fc.property(
      family,
      sizes,
      fc.integer({ min: 1, max: 2_000_000 }),
      fc.constantFrom(1, 3),
      (kind, rows, n, inner) => {
        const { threads, parts } = planReduce(rows, n, inner, caps(kind));
        assert.ok(parts >= 1 && parts <= n);
        const chunk = Math.ceil(n / parts);
        assert.ok((Math.ceil(n / chunk) - 1) * chunk < n);
        assert.is(threads > 1, kind === "workgroup" && inner === 1 && n >= 64);
      },
    ),
  );
  assert.is(planReduce(10_000, 1_000_000, 1, caps("subgroup")).parts, 1);
  assert.is(planReduce(1, 100, 1, caps("subgroup")).parts, 1);
  assert.is(planReduce(1, 1_000_000, 1, caps("subgroup")).parts, 256);
  assert.ok(planReduce(1, 1_000_000, 1, caps("workgroup")).parts > 100);
});

test("attention takes the tiles that waste the fewest queries, shorter ones for wide heads", () => {
  const sizes = (tq: number, d: number) => ({ batch: 1, heads: 6, tq, tk: 197, d });
  const rows = (tq: number, d: number, lanes = 8) =>
    planAttention(sizes(tq, d), true, caps("subgroup", lanes)).rows;
  assert.equal([rows(197, 64), rows(226, 64), rows(77, 64), rows(1, 64)], [40, 40, 40, 8]);
  assert.equal([rows(197, 128), rows(50, 128)], [24, 16]);
  assert.equal([rows(197, 32, 4), rows(197, 64, 16)], [20, 32]);
  const onGpu = (maxWorkgroupBytes: number) =>
    [8, 64, 70, 80, 128, 256].map((d) => {
      const plan = planAttention(sizes(197, d), true, { ...caps("workgroup"), maxWorkgroupBytes });
      return [plan.rows, plan.parts, plan.whole, plan.tiled];
    });
  assert.equal(onGpu(32768), [
    [32, 0.5, false, true],
    [32, 2, true, true],
    [32, 2.5, false, true],
    [32, 2.5, true, true],
    [32, 4, true, true],
    [16, 16, true, false],
  ]);
  // Wide heads are not tiled where their queries and keys do not fit.
  assert.equal(onGpu(16384).slice(1, 4), [
    [32, 2, true, true],
    [16, 5, false, false],
    [16, 5, true, false],
  ]);
});

test("softmax rows get a workgroup on GPUs, and on CPUs where few are long", () => {
  assert.is(planRows(1000, 900, 1, caps("workgroup")), 128);
  assert.is(planRows(1000, 900, 7, caps("workgroup")), 1);
  assert.is(planRows(1000, 9, 1, caps("workgroup")), 1);
  assert.is(planRows(1000, 9000, 1, caps("subgroup")), 1);
  assert.is(planRows(1, 9000, 1, caps("register")), 128);
});

test("grids cover every element within the limit of a dimension", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.boolean(), (count, software) => {
      const limit = 65535;
      const own = { software, maxWorkgroupsPerDimension: limit };
      const [x, y, z] = perValue.plan(own, count).grid;
      assert.ok(x <= limit && y <= limit && z === 1 && x * y * WORKGROUP >= count);
      const { uniforms, grid } = gridStride.plan(own, count);
      assert.ok(grid[0] <= limit && grid[1] <= limit && uniforms.share >= 1);
      assert.ok(grid[0] * grid[1] * WORKGROUP * uniforms.share >= count);
      // First indices stay below 2^32, so that they cannot wrap.
      assert.ok((grid[0] * grid[1] + 1) * WORKGROUP * uniforms.share < 2 ** 32);
    }),
  );
});

test.run();
