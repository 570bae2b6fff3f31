import { scope, tensor } from "@inctrl/tensor";
import { generator } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import type { CaptionedBatch } from "../../src/index.js";
import { appearanceLoss, describePatches } from "../../src/loss/appearance.js";

const test = deviceTests("appearance loss");

const PREPROCESS = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] } as const;
const [COUNT, SIZE, PATCH] = [8, 16, 4];
const GRID = SIZE / PATCH;
const PATCHES = GRID * GRID;

function batchOf(pixels: Uint8Array, size = SIZE): CaptionedBatch {
  const count = pixels.length / (3 * size * size);
  const damaged = Array.from({ length: count }, (_, i) => i % 2 === 1);
  const names = damaged.map(() => "nut");
  return {
    ...{ count, group: 4, size, pixels, masks: new Uint8Array(count * size * size), damaged },
    ...{ captions: names, classNames: names, classIds: names },
  };
}

function noise(): Uint8Array {
  const next = generator(3);
  return Uint8Array.from({ length: COUNT * SIZE * SIZE * 3 }, () => 256 * next());
}

const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
const normalised = (value: number, c: number) => (value / 255 - PREPROCESS.mean[c]) / PREPROCESS.std[c];

/** A patch's description straight from its definition: every pixel is looked up in the image. */
function described(pixels: Uint8Array, image: number, row: number, column: number): number[] {
  const channel = (y: number, x: number, c: number) =>
    normalised(pixels[3 * ((image * SIZE + y) * SIZE + x) + c], c);
  const inside = Array.from({ length: PATCH * PATCH }, (_, p) => [
    row * PATCH + Math.floor(p / PATCH),
    column * PATCH + (p % PATCH),
  ]);
  const tone = (of: (r: number, g: number, b: number) => number) =>
    0.6 * mean(inside.map(([y, x]) => of(channel(y, x, 0), channel(y, x, 1), channel(y, x, 2))));
  const tones = [
    tone((r, g, b) => (r + g + b) / 3),
    tone((r, g) => r - g),
    tone((r, g, b) => (r + g) / 2 - b),
  ];
  const strengths = [1, 2, 4].flatMap((scale) => {
    const [side, within] = [SIZE / scale, PATCH / scale];
    const grey = (y: number, x: number) => {
      const [v, u] = [y, x].map((at) => Math.min(side - 1, Math.max(0, at)) * scale);
      return mean(
        Array.from({ length: scale * scale }, (_, p) =>
          mean([0, 1, 2].map((c) => channel(v + Math.floor(p / scale), u + (p % scale), c))),
        ),
      );
    };
    return Array.from({ length: 8 }, (_, d) => {
      const along = Array.from({ length: within * within }, (_, p) => {
        const [y, x] = [row * within + Math.floor(p / within), column * within + (p % within)];
        const dx = grey(y, x + 1) - grey(y, x - 1);
        const dy = grey(y + 1, x) - grey(y - 1, x);
        return Math.max(0, dx * Math.cos((Math.PI * d) / 4) + dy * Math.sin((Math.PI * d) / 4));
      });
      return mean(along);
    });
  });
  return [...tones, ...strengths];
}

test("descriptions equal those of their definition", () => {
  const pixels = noise();
  const { values, length } = describePatches(batchOf(pixels), PATCH, PREPROCESS);
  assert.is(length, 27);
  for (const [image, row, column] of [
    [0, 0, 0],
    [3, 2, 1],
    [7, 3, 3],
  ] as const) {
    const start = (image * PATCHES + row * GRID + column) * length;
    described(pixels, image, row, column).forEach((want, f) => {
      assert.ok(Math.abs(values[start + f] - want) < 1e-5, `feature ${f}: ${values[start + f]}, not ${want}`);
    });
  }
});

test("an edge from dark to light points to the right at every scale, and to nothing else", () => {
  const pixels = new Uint8Array(4 * 8 * 8 * 3);
  for (let p = 0; p < pixels.length / 3; p++) pixels.fill(p % 8 < 4 ? 50 : 200, 3 * p, 3 * p + 3);
  const { values, length } = describePatches(batchOf(pixels, 8), 8, PREPROCESS);
  for (const scale of [0, 1, 2]) {
    const [right, up] = [0, 2].map((d) => values[3 + 8 * scale + d]);
    assert.ok(right > 0.1, `${right}`);
    assert.ok(up < 1e-12, `${up}`);
  }
  assert.is(length, 27);
});

test("the loss equals plain loops over tokens and neighbourhoods", async ({ device }) => {
  const pixels = noise();
  const batch = batchOf(pixels);
  const next = generator(5);
  const width = 6;
  const taps = [0, 1].map(() => Float32Array.from({ length: COUNT * PATCHES * width }, () => next() - 0.4));
  const cosine = (a: number[], b: number[]) => {
    const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i], 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const nearby = (image: number, patch: number, reach: number) => {
    const [row, column] = [Math.floor(patch / GRID), patch % GRID];
    const inside = (at: number) => Math.min(GRID - 1, Math.max(0, at));
    const all: number[][] = [];
    for (let y = row - reach; y <= row + reach; y++) {
      for (let x = column - reach; x <= column + reach; x++)
        all.push(described(pixels, image, inside(y), inside(x)));
    }
    return all[0].map((_, f) => mean(all.map((each) => each[f])));
  };
  const each = taps.map((tap, reach) => {
    const token = (i: number) => [...tap.subarray(i * width, (i + 1) * width)];
    const looks = Array.from({ length: COUNT * PATCHES }, (_, i) =>
      nearby(Math.floor(i / PATCHES), i % PATCHES, reach),
    );
    const [got, wanted]: [number[], number[]] = [[], []];
    for (let i = 0; i < COUNT * PATCHES; i++) {
      for (let j = 0; j < COUNT * PATCHES; j++) {
        const [a, b] = [Math.floor(i / PATCHES), Math.floor(j / PATCHES)];
        if (Math.floor(a / 4) !== Math.floor(b / 4) || b % 4 !== 0) continue;
        got.push(cosine(token(i), token(j)));
        wanted.push(cosine(looks[i], looks[j]));
      }
    }
    const middle = mean(wanted);
    return (
      mean(got.map((v, i) => (v - wanted[i]) ** 2)) / (mean(wanted.map((v) => (v - middle) ** 2)) + 1e-6)
    );
  });
  const loss = scope(() =>
    appearanceLoss(
      taps.map((tap) => tensor(device, tap, [COUNT, PATCHES, width])),
      batch,
      PATCH,
      PREPROCESS,
    ),
  );
  const got = await loss.item();
  loss.dispose();
  assert.ok(Math.abs(got - mean(each)) < 2e-5 * mean(each), `got ${got}, want ${mean(each)}`);
});

test("the loss is 0 for tokens that equal the descriptions", async ({ device }) => {
  const batch = batchOf(noise());
  const { values, length } = describePatches(batch, PATCH, PREPROCESS);
  const loss = scope(() =>
    appearanceLoss([tensor(device, values, [COUNT, PATCHES, length])], batch, PATCH, PREPROCESS),
  );
  assert.ok((await loss.item()) < 1e-9);
  loss.dispose();
});

test("images of one colour have a finite loss", async ({ device }) => {
  const batch = batchOf(new Uint8Array(COUNT * SIZE * SIZE * 3).fill(70));
  const next = generator(6);
  const tokens = Float32Array.from({ length: COUNT * PATCHES * 4 }, () => next() - 0.5);
  const loss = scope(() =>
    appearanceLoss([tensor(device, tokens, [COUNT, PATCHES, 4])], batch, PATCH, PREPROCESS),
  );
  assert.ok(Number.isFinite(await loss.item()));
  loss.dispose();
});

test.run();
