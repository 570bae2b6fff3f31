import { join } from "node:path";
import {
  type EncodedPrompt,
  Encoder,
  fitImages,
  type Moments,
  principalSubspace,
  readOptions,
} from "@inctrl/detect";
import { maxError, randomImage, throwsCode } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import { cosine, encodedPrompts, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { type ResidualOptions, residual, residualMethod } from "../../src/detectors/residual.js";

const test = backboneTests("settings of the residual", fixtureBackbone);

const SIDE = 5;
const PATCHES = SIDE * SIDE;
const images = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => randomImage(seed + i, 71));
const PROMPTS = images(3, 1);
const QUERIES = images(4, 50);

type Rows = Float64Array[];
const unit = (row: ArrayLike<number>): Float64Array => {
  const length = Math.hypot(...Array.from(row));
  return Float64Array.from(row, (value) => value / length);
};
const average = (rows: readonly ArrayLike<number>[]): Float64Array =>
  Float64Array.from(rows[0], (_, k) => rows.reduce((sum, row) => sum + row[k], 0) / rows.length);

/** Rows of `width` values. */
const split = (values: ArrayLike<number>, width: number): Rows =>
  Array.from({ length: values.length / width }, (_, i) =>
    Float64Array.from({ length: width }, (_, k) => values[i * width + k]),
  );

/** Patches of one grid, each the mean of the unit patches in the 3 x 3 around it. */
const smoothed = (rows: Rows): Rows =>
  rows.map((_, at) => {
    const near = rows.filter(
      (_, other) =>
        Math.abs(Math.floor(at / SIDE) - Math.floor(other / SIDE)) <= 1 &&
        Math.abs((at % SIDE) - (other % SIDE)) <= 1,
    );
    return average(near.map(unit));
  });

const gridsOf = (rows: Rows): Rows[] =>
  Array.from({ length: rows.length / PATCHES }, (_, i) => rows.slice(i * PATCHES, (i + 1) * PATCHES));

/** Half of 1 - cosine to the nearest row, mean over the blocks. */
const nearestMap = (query: readonly Rows[], bank: readonly Rows[], averaged: boolean): number[] => {
  const seen = (rows: Rows) => (averaged ? gridsOf(rows).flatMap(smoothed) : rows);
  const maps = query.map((rows, block) => {
    const known = seen(bank[block]).map((row) => Float32Array.from(row));
    const width = rows[0].length;
    return seen(rows).map((row) => {
      const own = Float32Array.from(row);
      return (1 - Math.max(...known.map((other) => cosine(own, 0, other, 0, width)))) / 2;
    });
  });
  return [...average(maps)];
};

const joined = (blocks: readonly Rows[]): Rows =>
  blocks[0].map((_, i) => average(blocks.map((rows) => unit(rows[i]))));

/** Count, mean and scatter of rows, by plain loops. */
function moments(rows: Rows): Moments {
  const mean = average(rows);
  const width = mean.length;
  const scatter = new Float64Array(width * width);
  for (const row of rows)
    for (let a = 0; a < width; a++)
      for (let b = 0; b < width; b++) scatter[a * width + b] += (row[a] - mean[a]) * (row[b] - mean[b]);
  return { count: rows.length, mean, scatter };
}

function subspaceMap(query: readonly Rows[], bank: readonly Rows[]): number[] {
  const { mean, rest } = principalSubspace(moments(joined(bank)), 0.99);
  const directions = rest.length / mean.length;
  return joined(query).map((row) => {
    let distance = 0;
    for (let d = 0; d < directions; d++) {
      let along = 0;
      for (let k = 0; k < row.length; k++) along += (row[k] - mean[k]) * rest[k * directions + d];
      distance += along * along;
    }
    return distance;
  });
}

/** Blocks of several prompts as one bank. */
const together = (prompts: readonly (readonly Rows[])[]): Rows[] =>
  prompts[0].map((_, block) => prompts.flatMap((blocks) => blocks[block]));

function bothMap(query: readonly Rows[], prompts: readonly (readonly Rows[])[], averaged: boolean): number[] {
  const maps = [
    (image: readonly Rows[], bank: readonly Rows[]) => nearestMap(image, bank, averaged),
    subspaceMap,
  ];
  const standard = maps.map((mapOf) => {
    const left = prompts.flatMap((blocks, i) => {
      const own = blocks.map((rows) => rows.slice(0, PATCHES));
      return mapOf(own, together(prompts.filter((_, other) => other !== i)));
    });
    const middle = left.reduce((sum, value) => sum + value, 0) / left.length;
    const deviation = Math.sqrt(left.reduce((sum, value) => sum + (value - middle) ** 2, 0) / left.length);
    return mapOf(query, together(prompts)).map((value) => (value - middle) / deviation);
  });
  return standard[0].map((value, i) => value + standard[1][i]);
}

const rowsOf = async (prompt: EncodedPrompt): Promise<Rows[]> =>
  Promise.all(prompt.rows.map(async (tap) => split(await tap.data(), tap.shape[1])));

const SETTINGS: readonly ResidualOptions[] = [
  { averaged: true, aggregate: "top3", symmetries: 1 },
  { averaged: true, symmetries: 8 },
  { distance: "subspace", aggregate: "top10" },
  { distance: "both", averaged: true, aggregate: "top10" },
  { distance: "both" },
];

for (const options of SETTINGS) {
  const { averaged = false, distance = "nearest", aggregate = "max" } = options;
  test(`${JSON.stringify(options)}: maps and scores are those of float64 loops, whatever the batch, and from a file`, async ({
    folder,
    backbone,
  }) => {
    const encoder = new Encoder(backbone);
    const detector = residual(encoder, options);
    const { symmetries } = detector;
    using encoded = await encodedPrompts(encoder, PROMPTS, { symmetries });
    using fitted = await detector.fit(encoded, {});
    const prompts = await Promise.all(encoded.map(rowsOf));
    const found = await scoreWith(fitted, QUERIES);
    let at = 0;
    for await (const { taps, views, dispose } of encoder.encode(QUERIES)) {
      const values = await Promise.all(taps.map(async (tap) => split(await tap.data(), tap.shape[2])));
      for (const view of views.keys()) {
        const query = values.map((rows) => rows.slice(view * PATCHES, (view + 1) * PATCHES));
        const bank = together(prompts);
        const map =
          distance === "both"
            ? bothMap(query, prompts, averaged)
            : distance === "subspace"
              ? subspaceMap(query, bank)
              : nearestMap(query, bank, averaged);
        const { score, map: got, parts, matches } = found[at++];
        const largest = Math.max(...map.map(Math.abs));
        assert.ok(
          maxError(got.values, map) < 1e-5 * largest,
          `map: ${maxError(got.values, map)} of ${largest}`,
        );
        const count = aggregate === "max" ? 1 : Number(aggregate.slice(3));
        const top = [...got.values].sort((a, b) => b - a).slice(0, count);
        assert.ok(Math.abs(score - top.reduce((sum, value) => sum + value, 0) / count) < 1e-5 * largest);
        assert.equal(parts, { s_p: score });
        assert.is(matches!.patches.length, PATCHES, "it explains itself by the nearest patch");
      }
      dispose();
    }
    assert.is(at, QUERIES.length);
    assert.is(new Set(found.map(({ score }) => score)).size, QUERIES.length);
    for (const batch of [1, 3])
      assert.equal(await scoreWith(fitted, QUERIES, new Encoder(backbone, { batch })), found);
    const path = join(folder, "bank.safetensors");
    await fitted.save(path);
    using loaded = await detector.load(path);
    assert.equal(await scoreWith(loaded, QUERIES), found);
  });
}

test("one prompt has no other to be left out for: the nearest patch then counts alone", async ({
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  const scores = async (options: ResidualOptions) => {
    using fitted = await fitImages(residual(encoder, { symmetries: 8, ...options }), PROMPTS.slice(0, 1));
    return (await scoreWith(fitted, QUERIES)).map(({ score }) => score);
  };
  assert.equal(await scores({ distance: "both" }), await scores({}));
});

test("a bank of the nearest patches holds no subspace, and says so", async ({ folder, backbone }) => {
  const encoder = new Encoder(backbone);
  const path = join(folder, "plain.safetensors");
  using fitted = await fitImages(residual(encoder, { symmetries: 8 }), PROMPTS);
  await fitted.save(path);
  await throwsCode(() => residual(encoder, { distance: "subspace" }).load(path), "bank", /subspace\./);
});

test("blocks are chosen by name or number", async ({ backbone }) => {
  const taps = (blocks: string) =>
    residualMethod.input?.(backbone, readOptions(residualMethod, { blocks }) as never)?.taps;
  assert.equal(taps("own"), backbone.defaultTaps);
  assert.equal(taps("1,3"), [1, 3]);
  assert.throws(() => readOptions(residualMethod, { blocks: "3,1" }), /rising numbers/);
});

test.run();
