import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { auroc } from "../../src/metrics/metrics.js";
import { type PixelMap, pixelMetrics } from "../../src/metrics/pixel.js";

function close(got: number | null, want: number | null, what: string, within = 1e-9): void {
  if (want === null) assert.is(got, null, what);
  else assert.ok(got !== null && Math.abs(got - want) <= within, `${what}: got ${got}, want ${want}`);
}

/** The regions of a mask by brute force: labels spread until nothing changes. */
function regionsOf({ width, height, mask }: PixelMap): number[][] {
  const labels = Array.from({ length: width * height }, (_, p) => (mask?.[p] ? p + 1 : 0));
  for (let changed = true; changed; ) {
    changed = false;
    for (let p = 0; p < labels.length; p++) {
      for (let q = 0; q < labels.length; q++) {
        const near =
          Math.abs((p % width) - (q % width)) <= 1 &&
          Math.abs(Math.floor(p / width) - Math.floor(q / width)) <= 1;
        if (near && labels[p] > 0 && labels[q] > labels[p]) {
          labels[p] = labels[q];
          changed = true;
        }
      }
    }
  }
  return [...new Set(labels)]
    .filter(Boolean)
    .map((label) => labels.flatMap((own, p) => (own === label ? [p] : [])));
}

/** AUPRO threshold by threshold, each counted anew. */
function plainAupro(maps: readonly PixelMap[], limit: number): number | null {
  const thresholds = [...new Set(maps.flatMap(({ scores }) => Array.from(scores)))].sort((a, b) => b - a);
  const regions = maps.flatMap((map) => regionsOf(map).map((pixels) => ({ map, pixels })));
  const normal = maps.flatMap((map) => Array.from(map.scores).filter((_, p) => !map.mask?.[p]));
  if (regions.length === 0 || normal.length === 0) return null;
  const curve: [rate: number, overlap: number][] = [[0, 0]];
  for (const threshold of thresholds) {
    const share = ({ map, pixels }: { map: PixelMap; pixels: number[] }) =>
      pixels.filter((p) => map.scores[p] >= threshold).length / pixels.length;
    const overlap = regions.reduce((sum, region) => sum + share(region), 0) / regions.length;
    curve.push([normal.filter((score) => score >= threshold).length / normal.length, overlap]);
  }
  let area = 0;
  for (let i = 1; i < curve.length; i++) {
    const [x0, y0] = curve[i - 1];
    const [x1, y1] = curve[i];
    if (x0 >= limit) break;
    const end = Math.min(x1, limit);
    const y = x1 === x0 ? y1 : y0 + ((y1 - y0) * (end - x0)) / (x1 - x0);
    area += ((end - x0) * (y0 + y)) / 2;
  }
  return area / limit;
}

const oneMap = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([width, height]) => {
    const pixels = { minLength: width * height, maxLength: width * height };
    return fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      scores: fc.array(
        fc.integer({ min: -4, max: 8 }).map((n) => n / 8),
        pixels,
      ),
      mask: fc.option(fc.array(fc.integer({ min: 0, max: 1 }), pixels)),
    });
  });

test("agree with plain loops over every threshold, ties and all", () => {
  fc.assert(
    fc.property(
      fc.array(oneMap, { minLength: 1, maxLength: 3 }),
      fc.constantFrom(0.05, 0.3, 1),
      (maps, limit) => {
        const found = pixelMetrics(maps, limit);
        const labels = maps.flatMap(({ scores, mask }) => scores.map((_, p) => mask?.[p] ?? 0));
        close(
          found.auroc,
          auroc(
            labels,
            maps.flatMap(({ scores }) => scores),
          ),
          "auroc",
        );
        close(found.aupro, plainAupro(maps, limit), "aupro");
        assert.is(
          found.regions,
          maps.reduce((sum, map) => sum + regionsOf(map).length, 0),
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("a small region weighs as much as a large one", () => {
  // A region of 1 pixel is missed (below every normal pixel), one of 9 is found first.
  const width = 20;
  const mask = Array.from({ length: width }, (_, x) => (x < 9 || x === 11 ? 1 : 0));
  const scores = mask.map((m, x) => (x === 11 ? -1 : m ? 2 : x / 100));
  const { auroc: area, aupro, regions } = pixelMetrics([{ width, height: 1, scores, mask }]);
  assert.is(regions, 2);
  close(area, 0.9, "auroc");
  close(aupro, 0.5, "aupro");
});

test("diagonal neighbours are one region, over no edge of the image", () => {
  const map = (mask: number[]) => pixelMetrics([{ width: 3, height: 3, scores: mask, mask }]).regions;
  assert.is(map([1, 0, 0, 0, 1, 0, 0, 0, 1]), 1);
  assert.is(map([0, 0, 1, 1, 0, 0, 0, 0, 0]), 2, "the end of a row is not beside the start of the next");
  assert.is(map([1, 0, 1, 0, 0, 0, 1, 0, 1]), 4);
});

test("perfect, constant and one-sided maps", () => {
  const map = (scores: number[], mask: number[] | null) =>
    pixelMetrics([{ width: 4, height: 1, scores, mask }]);
  assert.equal(map([0, 0, 1, 1], [0, 0, 255, 255]), { auroc: 1, aupro: 1, regions: 1, pixels: 4 });
  close(map([5, 5, 5, 5], [0, 0, 1, 1]).auroc, 0.5, "constant: auroc");
  close(map([5, 5, 5, 5], [0, 0, 1, 1]).aupro, 0.15, "constant: the mean of 0 .. 0.3");
  close(map([-0, 0, -0, 0], [0, 0, 1, 1]).auroc, 0.5, "both zeros are one score");
  close(map([Number.NEGATIVE_INFINITY, -1, 1, Number.POSITIVE_INFINITY], [0, 0, 1, 1]).auroc, 1, "infinite");
  for (const mask of [null, [0, 0, 0, 0], [1, 1, 1, 1]]) {
    const { auroc: area, aupro } = map([1, 2, 3, 4], mask);
    assert.equal([area, aupro], [null, null]);
  }
  assert.equal(pixelMetrics([]), { auroc: null, aupro: null, regions: 0, pixels: 0 });
});

test("sizes that do not fit, NaN and limits that make no sense are refused", () => {
  const map = { width: 2, height: 1, scores: [1, 2], mask: [0, 1] };
  assert.throws(
    () => pixelMetrics([map, { ...map, height: 2 }]),
    /map 1: 2 scores and a mask of 2 for 2 x 2/,
  );
  assert.throws(() => pixelMetrics([{ ...map, mask: [1] }]), /mask of 1/);
  assert.throws(() => pixelMetrics([{ ...map, scores: [1, Number.NaN] }]), /pixel 1 .*NaN/);
  for (const limit of [0, -1, 1.1, Number.NaN]) assert.throws(() => pixelMetrics([map], limit), /limit/);
});

test("two million pixels, as of a whole category", () => {
  const [width, height] = [512, 512];
  const maps = Array.from({ length: 8 }, (_, i) => {
    const scores = Float32Array.from(
      { length: width * height },
      (_, p) => (Math.sin(p * 12.9898 + i) * 43758.5453) % 1,
    );
    const mask = Uint8Array.from(scores, (_, p) => ((p >> 5) % 7 === 0 && (p >> 14) % 3 === 0 ? 1 : 0));
    return { width, height, scores, mask };
  });
  const { auroc: area, pixels } = pixelMetrics(maps);
  assert.ok(Math.abs(area! - 0.5) < 0.01 && pixels === 2 ** 21);
});

test.run();
