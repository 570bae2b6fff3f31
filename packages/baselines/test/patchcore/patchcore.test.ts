import { add, conv2d, packRows, resizeBilinear, scope, tensor } from "@inctrl/tensor";
import { maxError, random } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { asImages, asPatches } from "../../src/maps/grid.js";
import { coreset } from "../../src/patchcore/coreset.js";
import { openEmbedder, poolingWeights } from "../../src/patchcore/embedding.js";
import { scorePatches } from "../../src/patchcore/scoring.js";

const test = deviceTests("PatchCore");

const GRIDS = [
  { rows: 4, columns: 3 },
  { rows: 2, columns: 2 },
];

test("the closed form of n / 2 and n channels is the banded matrix", async ({ device }) => {
  const widths = [8, 16];
  const layers = widths.map((width, i) => {
    const patches = GRIDS[i].rows * GRIDS[i].columns;
    return tensor(device, random(i + 1, 2 * patches * width), [2, patches, width]);
  });
  using embedder = openEmbedder(device, widths, { pretrainDim: 16, targetDim: 16 });
  const made = scope(() => {
    const sums = poolingWeights(widths, 16, 16, 9).map((weights, i) => {
      const weight = tensor(device, weights, [16, widths[i], 3, 3]);
      return resizeBilinear(conv2d(asImages(layers[i], GRIDS[i]), weight, { padding: 1 }), [4, 3]);
    });
    return { got: embedder.embed(layers, GRIDS), want: asPatches(sums.reduce(add)) };
  });
  assert.equal(embedder.tensors(), []);
  assert.ok(maxError(await made.got.data(), await made.want.data()) < 1e-6);
  for (const each of [...layers, made.got, made.want]) each.dispose();
});

test("anomalib's embedding keeps every channel", async ({ device }) => {
  using embedder = openEmbedder(device, [1, 1], { embedding: "concat" });
  const made = scope(() => {
    const ones = (patches: number) => tensor(device, new Float32Array(patches).fill(1), [1, patches, 1]);
    return embedder.embed([ones(12), ones(4)], GRIDS);
  });
  assert.equal(made.shape, [1, 12, embedder.width]);
  // The corner of 3 x 3 has five zeros about it, and all of 2 x 2 are corners.
  assert.ok(maxError((await made.data()).subarray(0, 2), [4 / 9, 4 / 9]) < 1e-6);
  made.dispose();
});

/** On a line, so that farthest points are seen. */
const LINE = [0, 1, 2, 6, 10, 11];
const CHOSEN: ["norm" | "mean" | "first", starts: number[], projection: "sparse" | null, want: number[]][] = [
  ["norm", [], null, [5, 0, 3]],
  ["first", [2], null, [5, 3, 0]],
  // Of one value every sign is drawn, and all distances grow alike.
  ["first", [2], "sparse", [5, 3, 0]],
  ["mean", [0, 1], null, [5, 3, 2]],
];

test("the rows farthest from those chosen come one after another", async ({ device }) => {
  const rows = tensor(device, LINE, [6, 1]);
  for (const [start, starts, projection, want] of CHOSEN) {
    const chosen = coreset(rows, 3, { start, projection }, starts);
    assert.equal([...(await chosen.data())], want, start);
    chosen.dispose();
  }
  const drawn = [coreset(rows, 2, { seed: 3, projection: 4 }), coreset(rows, 2, { seed: 3, projection: 4 })];
  assert.equal([...(await drawn[0].data())], [...(await drawn[1].data())], "a seed is a choice");
  for (const each of [rows, ...drawn]) each.dispose();
});

test("equation 7 weighs the farthest patch by the rows about its nearest", async ({ device }) => {
  const rows = [0, 0, 3, 4, 0, 1];
  const bank = scope(() => packRows(tensor(device, rows, [3, 2])));
  const query = tensor(device, [0, 0, 6, 8, 1, 1, 3, 4], [2, 2, 2]);
  const { score, patches, index, weight } = scorePatches(query, bank, { reweight: 2 });
  assert.equal([...(await patches.data())], [0, 5, 1, 0]);
  assert.equal([...(await index.data())], [0, 1, 2, 1]);
  // (6, 8) is 5 from (3, 4), whose neighbour (0, 1) is sqrt(85) away; (1, 1) is 1 from (0, 1) and sqrt(2) from (0, 0).
  const weighed = [
    [5, Math.sqrt(85)],
    [1, Math.SQRT2],
  ].map(([s, other]) => (1 - Math.exp(s) / (Math.exp(s) + Math.exp(other))) * s);
  assert.ok(maxError(await score.data(), weighed) < 1e-5);
  const plain = scorePatches(query, bank, { distance: "squared", neighbours: 2 });
  assert.equal([...(await plain.score.data())], [(25 + 85) / 2, 18 / 2]);
  assert.is(plain.weight, null);
  for (const each of [query, bank, score, patches, index, weight!, plain.score, plain.patches, plain.index])
    each.dispose();
});

test.run();
