import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MapStore, type StoredMaps } from "../../src/heatmap/map-store.js";

const folder = mkdtempSync(join(tmpdir(), "inctrl-maps-"));
test.after(() => rmSync(folder, { recursive: true }));

const entry = (i: number, values: Float32Array): StoredMaps => ({
  image: `dir/line\n"${i}".png`,
  name: `${i}`,
  score: i / 7,
  match: { prompt: "p.png", patch: 3, queryPatch: 1 },
  view: 0,
  views: [{ map: { rows: 2, columns: 2, values }, box: { x: 0.25, y: 0, width: 8, height: 8 } }],
});

test("stored maps come back bit by bit and in order, and the file is removed", async () => {
  const store = await MapStore.open(folder);
  const maps = Array.from({ length: 50 }, (_, i) => Float32Array.from([i, i / 3, Math.PI * i, 0.1]));
  // Views of a shared buffer: the store must not take the whole of it.
  const shared = new Float32Array(8).fill(9);
  shared.set([1, 2, 3, 4], 2);
  maps.push(shared.subarray(2, 6));
  for (const [i, map] of maps.entries()) await store.add(entry(i, map));
  assert.is(store.count, 51);
  const seen: StoredMaps[] = [];
  for await (const got of store.read()) seen.push(got);
  assert.equal(
    seen,
    maps.map((map, i) => entry(i, map.slice())),
  );
  await store.close();
  assert.equal(readdirSync(folder), []);
});

test("the scale spans all maps, and negative rounding and NaN do not count", async () => {
  const store = await MapStore.open(folder);
  assert.is(store.scale, null);
  await store.add(entry(0, Float32Array.from([0.5, 0.25, Number.NaN, 0.5])));
  await store.add(entry(1, Float32Array.from([-1e-7, 0.75, 0.5, 0.5])));
  assert.equal(store.scale, { low: 0, high: 0.75 });
  await store.close();
});

test("reading may stop before the end", async () => {
  const store = await MapStore.open(folder);
  for (let i = 0; i < 10; i++) await store.add(entry(i, new Float32Array(4)));
  for await (const got of store.read()) if (got.name === "3") break;
  await store.close();
  assert.equal(readdirSync(folder), []);
});

test.run();
