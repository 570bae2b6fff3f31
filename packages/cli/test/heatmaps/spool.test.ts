import { readdirSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Spool, type SpooledImage } from "../../src/heatmaps/spool.js";
import { temporaryFolder } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

const entry = (i: number, values: Float32Array): SpooledImage => ({
  image: `dir/line\n"${i}".png`,
  name: `${i}`,
  score: i / 7,
  match: { prompt: "p.png", patch: 3, queryPatch: 1 },
  view: 0,
  views: [{ map: { rows: 2, columns: 2, values }, box: { x: 0.25, y: 0, width: 8, height: 8 } }],
});

test("stored maps come back bit by bit and in order, and the file is removed", async () => {
  const spool = await Spool.open(folder);
  const maps = Array.from({ length: 50 }, (_, i) => Float32Array.from([i, i / 3, Math.PI * i, 0.1]));
  // Views of a shared buffer: the spool must not take the whole of it.
  const shared = new Float32Array(8).fill(9);
  shared.set([1, 2, 3, 4], 2);
  maps.push(shared.subarray(2, 6));
  for (const [i, map] of maps.entries()) await spool.add(entry(i, map));
  assert.is(spool.count, 51);
  const seen: SpooledImage[] = [];
  for await (const got of spool.read()) seen.push(got);
  assert.equal(
    seen,
    maps.map((map, i) => entry(i, map.slice())),
  );
  await spool.close();
  assert.equal(readdirSync(folder), []);
});

test("the scale spans all maps, and negative rounding and NaN do not count", async () => {
  const spool = await Spool.open(folder);
  assert.is(spool.scale, null);
  await spool.add(entry(0, Float32Array.from([0.5, 0.25, Number.NaN, 0.5])));
  await spool.add(entry(1, Float32Array.from([-1e-7, 0.75, 0.5, 0.5])));
  assert.equal(spool.scale, { low: 0, high: 0.75 });
  await spool.close();
});

test("reading may stop before the end", async () => {
  const spool = await Spool.open(folder);
  for (let i = 0; i < 10; i++) await spool.add(entry(i, new Float32Array(4)));
  for await (const got of spool.read()) if (got.name === "3") break;
  await spool.close();
  assert.equal(readdirSync(folder), []);
});

test.run();
