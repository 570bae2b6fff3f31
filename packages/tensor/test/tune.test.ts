import * as assert from "uvu/assert";
import { type Caps, matmul, tensor, tuneProducts } from "../src/index.js";
import { matrixTile } from "../src/kernels/matrix.js";
import { gemmCandidates, planGemm } from "../src/kernels/plan.js";
import { MATRIX_KEY, tuningKey } from "../src/kernels/tuning.js";
import { restoreTuning } from "../src/tune.js";
import { close, deviceTests, random, valuesOf } from "./support.js";

// The family with the fewest tiles, since each is compiled.
const test = deviceTests(["workgroup"]);

test("sizes within an eighth of a power of two share a key", () => {
  assert.is(tuningKey(226, 896, 3584), tuningKey(240, 896, 3584));
  assert.is.not(tuningKey(241, 896, 3584), tuningKey(240, 896, 3584));
  assert.is.not(tuningKey(1, 8, 8), tuningKey(2, 8, 8));
});

test("what was measured is used for products of that shape, and gives the same values", async (device) => {
  const [found] = await tuneProducts(device, [[19, 24, 40]], { runs: 1 });
  assert.ok(found.candidates > 2 && found.bestMs > 0 && found.bestMs <= found.plannedMs);
  const key = tuningKey(19, 24, 40);
  assert.equal(device.tuning.get(key), found.best);
  // Another tile than the rule's, so that it shows which one is taken.
  const planned = planGemm(19, 24, 40, device.caps);
  const other = gemmCandidates(device.caps).find(({ rows }) => rows !== planned.rows);
  if (!other) throw new Error("there is one tile only");
  device.tuning.set(key, other);
  assert.equal(planGemm(19, 24, 40, device.caps, device.tuning), other);
  const [a, b] = [random(1, 19 * 24), random(2, 24 * 40)];
  const product = () => valuesOf(() => matmul(tensor(device, a, [19, 24]), tensor(device, b, [24, 40])));
  const tuned = await product();
  device.tuning.clear();
  close(tuned, await product(), 1e-6, "tuned against planned");
});

test("a tile that adds several values of k a turn is not taken where they do not divide k", () => {
  const caps = { family: "subgroup", subgroupSize: 8, software: true } as const;
  const tile = gemmCandidates(caps).find(({ steps }) => steps === 2);
  if (!tile) throw new Error("there is no such tile");
  const tuning = new Map([
    [tuningKey(100, 17, 64), tile],
    [tuningKey(100, 18, 64), tile],
  ]);
  assert.is(planGemm(100, 17, 64, caps, tuning).steps, 1);
  assert.equal(planGemm(100, 18, 64, caps, tuning), tile);
});

test("of a file only tiles that this adapter could take are believed", (device) => {
  const [good] = gemmCandidates(device.caps);
  const entries = {
    a: good,
    b: { ...good, rows: 1000 },
    c: { ...good, kind: "other" },
    d: null,
    e: "text",
    f: { ...good, rows: "); evil(" },
  };
  assert.is(restoreTuning(device, entries), 1);
  assert.equal([...device.tuning], [["a", good]]);
  device.tuning.clear();
});

test("of a file a decision for matrices is believed where the device has them, and under its own name alone", (device) => {
  const matrix = { m: 16, n: 16, k: 16, lanes: 32, named: false };
  const tile = matrixTile(matrix);
  const taken = (caps: Caps) => {
    const tuning = new Map();
    restoreTuning({ caps, tuning }, { [MATRIX_KEY]: tile, [tuningKey(1, 4, 4)]: tile });
    return [...tuning];
  };
  assert.equal(taken({ ...device.caps, matrix }), [[MATRIX_KEY, tile]]);
  assert.equal(taken({ ...device.caps, matrix: { ...matrix, lanes: 16 } }), []);
  assert.equal(taken(device.caps), []);
});

test("a tile that was kept before tiles had lines is still believed", () => {
  const caps = { family: "subgroup", subgroupSize: 8, software: true } as Caps;
  const [{ lines: _, ...old }] = gemmCandidates(caps);
  const tuning = new Map();
  assert.is(restoreTuning({ caps, tuning }, { a: old }), 1);
  assert.is(tuning.get("a").lines, 1);
});

test.run();
