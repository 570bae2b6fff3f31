import * as assert from "uvu/assert";
import { nearest, packBank, scope, tensor } from "../../src/index.js";
import { close, deviceTests, FAMILIES, random, throwsCode } from "../support.js";

const test = deviceTests(FAMILIES);

/** The largest cosine and the first row that has it, in float64. */
function reference(query: Float32Array, bank: Float32Array, d: number) {
  const rows = (values: Float32Array) =>
    Array.from({ length: values.length / d }, (_, i) => [...values.subarray(i * d, (i + 1) * d)]);
  const unit = (row: number[]) => {
    const norm = Math.hypot(...row);
    return row.map((v) => (norm > 0 ? v / norm : 0));
  };
  const units = rows(bank).map(unit);
  return rows(query).map((row) => {
    const q = unit(row);
    const cosines = units.map((b) => b.reduce((sum, v, i) => sum + v * q[i], 0));
    return { cosines, best: Math.max(...cosines) };
  });
}

test("finds the largest cosine for every query, at any size", async (device) => {
  for (const [m, n, d] of [
    [1, 1, 1],
    [3, 5, 7],
    [17, 33, 24],
    [50, 200, 64],
    [226, 131, 20],
  ]) {
    const [q, b] = [random(m, m * d), random(n + 1, n * d)];
    const found = scope(() => nearest(tensor(device, q, [m, d]), tensor(device, b, [n, d])));
    const [similarity, index] = [await found.similarity.data(), await found.index.data()];
    const want = reference(q, b, d);
    close(
      similarity,
      want.map((w) => w.best),
      2e-6,
      `${m} queries, ${n} rows of ${d}`,
    );
    for (let i = 0; i < m; i++)
      assert.ok(want[i].cosines[index[i]] > want[i].best - 2e-6, `index of query ${i}`);
    found.similarity.dispose();
    found.index.dispose();
  }
});

test("similarities that are all negative are not beaten by padding", async (device) => {
  const found = scope(() =>
    nearest(
      tensor(device, [[1, 0]]),
      tensor(device, [
        [-1, 0],
        [-1, -1],
      ]),
    ),
  );
  close(await found.similarity.data(), [-Math.SQRT1_2], 1e-6);
  close(await found.index.data(), [1], 0);
  found.similarity.dispose();
  found.index.dispose();
});

test("of equal rows the first is named; zero rows have similarity 0", async (device) => {
  const bank = [...Array(70).keys()].map((i) => (i % 10 === 3 ? [0, 2, 0] : [1, 0, 0]));
  const found = scope(() =>
    nearest(
      tensor(device, [
        [0, 1, 0],
        [0, 0, 0],
      ]),
      tensor(device, bank),
    ),
  );
  close(await found.similarity.data(), [1, 0], 1e-6);
  close(await found.index.data(), [3, 0], 0);
  found.similarity.dispose();
  found.index.dispose();
});

test("of equal rows far apart in a long bank the first is named, and the last row is found", async (device) => {
  const bank = Array.from({ length: 3000 }, () => [-1, -1]);
  for (const row of [2900, 1701, 333]) bank[row] = [2, 0];
  bank[2999] = [0, 3];
  const queries = tensor(device, [
    [1, 0],
    [0, 1],
  ]);
  const found = scope(() => nearest(queries, tensor(device, bank)));
  assert.equal([...(await found.index.data())], [333, 2999]);
  for (const made of [queries, found.similarity, found.index]) made.dispose();
});

test("many queries of a long bank, of which each workgroup searches several tiles, find the first of equal rows", async (device) => {
  const [m, half, d] = [1800, 1250, 8];
  const rows = random(40, half * d);
  const asked = Array.from({ length: m }, (_, i) => (7 * i) % half);
  const found = scope(() =>
    nearest(
      tensor(
        device,
        asked.map((row) => [...rows.subarray(row * d, (row + 1) * d)]),
      ),
      tensor(device, Float32Array.of(...rows, ...rows), [2 * half, d]),
    ),
  );
  assert.equal([...(await found.index.data())], asked);
  close(await found.similarity.data(), new Float32Array(m).fill(1), 1e-6);
  found.similarity.dispose();
  found.index.dispose();
});

test("a packed bank serves many queries; batches search their own bank", async (device) => {
  const [batch, m, n, d] = [3, 10, 40, 12];
  const [q, b] = [random(20, batch * m * d), random(21, batch * n * d)];
  const { own, shared, bank } = scope(() => {
    const query = tensor(device, q, [batch, m, d]);
    const packed = packBank(tensor(device, b, [batch, n, d]));
    const first = packBank(tensor(device, b.slice(0, n * d), [n, d]));
    return { own: nearest(query, packed), shared: nearest(query, first), bank: first };
  });
  const slab = (values: Float32Array, i: number, rows: number) =>
    values.slice(i * rows * d, (i + 1) * rows * d);
  const want = [0, 1, 2].flatMap((i) => reference(slab(q, i, m), slab(b, i, n), d).map((w) => w.best));
  close(await own.similarity.data(), want, 2e-6);
  const first = reference(q, slab(b, 0, n), d).map((w) => w.best);
  close(await shared.similarity.data(), first, 2e-6);
  for (const result of [own, shared]) {
    result.similarity.dispose();
    result.index.dispose();
  }
  bank.dispose();
});

test("a bank in half precision is within its rounding", async (device) => {
  const [m, n, d] = [8, 30, 32];
  const [q, b] = [random(30, m * d), random(31, n * d)];
  const found = scope(() =>
    nearest(tensor(device, q, [m, d]), packBank(tensor(device, b, [n, d]), { dtype: "float16" })),
  );
  close(
    await found.similarity.data(),
    reference(q, b, d).map((w) => w.best),
    5e-4,
  );
  found.similarity.dispose();
  found.index.dispose();
});

test("wrong widths and empty banks are refused", async (device) => {
  const q = tensor(device, new Float32Array(6), [2, 3]);
  const narrow = tensor(device, new Float32Array(8), [4, 2]);
  const empty = tensor(device, new Float32Array(0), [0, 3]);
  await throwsCode(() => nearest(q, narrow), "shape", /query is \[2, 3\] and the bank's rows have 2/);
  await throwsCode(() => nearest(q, empty), "shape", /bank is empty/);
  for (const t of [q, narrow, empty]) t.dispose();
});

test.run();
