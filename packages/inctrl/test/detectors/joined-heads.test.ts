import { mkdir } from "node:fs/promises";
import { drawPrompts } from "@inctrl/datasets";
import { type Backbone, Encoder, fitImages } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { category, generator, maxError, throwsCode } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { encodedPrompts, scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { ablationHeads } from "../../src/ablations.js";
import { inctrl } from "../../src/detectors/inctrl.js";
import { makeHeads, storedParameters } from "../../src/head-modules.js";
import { Heads } from "../../src/heads.js";

const test = backboneTests("heads that join features");

const SIZES = { embedDim: 32, patches: 16, widths: [32, 32] };
const FORMS = ["concat", "average"] as const;

type Values = ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;

/** Seeded values, large enough to matter; variances are positive. */
function valuesOf(form: (typeof FORMS)[number] | "paper"): Values {
  const random = generator(3);
  return new Map(
    [...storedParameters(makeHeads(form, SIZES))].map(([name, { shape, role }]) => {
      const size = shape.reduce((a, b) => a * b);
      const data = Float32Array.from(
        { length: size },
        () => (role === "variance" ? 0.5 : -0.3) + 0.7 * random(),
      );
      return [name, { shape, data }] as const;
    }),
  );
}

const made = (
  device: Device,
  form: Parameters<typeof valuesOf>[0],
  provenance?: Record<string, string>,
): Heads => Heads.fromValues(device, valuesOf(form), "the test", provenance);

/** The components of a detector with these heads, as its settings tell them. */
const componentsOf = async (backbone: Backbone, heads: Heads) =>
  (await inctrl(new Encoder(backbone), { heads }).settings()).components;

/** Rows times a matrix [outputs, inputs] plus a bias, in float64. */
const linear = (values: Values, name: string, x: readonly number[]): number[] => {
  const { shape, data } = values.get(`${name}.weight`)!;
  const bias = values.get(`${name}.bias`)?.data;
  return Array.from({ length: shape[0] }, (_, o) =>
    x.reduce((sum, v, i) => sum + v * data[o * shape[1] + i], bias?.[o] ?? 0),
  );
};

const relu = (x: readonly number[]) => x.map((v) => Math.max(0, v));

/** Linear, ReLU, BatchNorm, twice, then Linear and sigmoid (spec, section 4). */
function scoring(values: Values, name: string, x: readonly number[]): number {
  const norm = (bn: string, row: readonly number[]) => {
    const of = (part: string) => values.get(`${name}.${bn}.${part}`)!.data;
    const [mean, variance, weight, bias] = ["running_mean", "running_var", "weight", "bias"].map(of);
    return row.map((v, i) => ((v - mean[i]) / Math.sqrt(variance[i] + 1e-5)) * weight[i] + bias[i]);
  };
  const first = norm("bn2", relu(linear(values, `${name}.projection1`, x)));
  const second = norm("bn3", relu(linear(values, `${name}.projection2`, first)));
  return 1 / (1 + Math.exp(-linear(values, `${name}.projection3`, second)[0]));
}

const JOIN = {
  concat: (query: readonly number[], prompt: readonly number[]) => [...query, ...prompt],
  average: (query: readonly number[], prompt: readonly number[]) => query.map((v, i) => (v + prompt[i]) / 2),
};

test("scores are those of loops in float64, with prompts in 8 symmetries too", async ({
  device,
  backbone,
}) => {
  const one = category("one", { good: 1, bad: 1, train: 3 });
  const prompts = drawPrompts(one.train, 2, 0);
  const encoder = new Encoder(backbone);
  using encoded = await encodedPrompts(encoder, [...prompts, ...one.test]);
  const rowsOf = async (image: number, block: number) => {
    const data = await encoded[image].rows[block].data();
    return Array.from({ length: 16 }, (_, p) => [...data.subarray(32 * p, 32 * (p + 1))]);
  };
  const mean = (rows: readonly (readonly number[])[]) =>
    rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
  const features = await Promise.all(encoded.map(async (each) => [...(await each.features.data())]));
  for (const form of FORMS) {
    const values = valuesOf(form);
    const psi = (x: readonly number[]) =>
      relu(linear(values, "adapter.fc.2", relu(linear(values, "adapter.fc.0", x))));
    const promptFeature = mean([psi(features[0]), psi(features[1])]);
    using heads = made(device, form);
    for (const symmetries of [1, 8]) {
      const detector = inctrl(encoder, { heads, symmetries, alpha: 0.5 });
      using fitted = await fitImages(detector, prompts);
      for (const [at, { score, parts, map }] of (await scoreWith(fitted, one.test)).entries()) {
        const want = new Array<number>(16).fill(0);
        for (const block of [0, 1]) {
          const [a, b, query] = await Promise.all([0, 1, 2 + at].map((image) => rowsOf(image, block)));
          for (const p of want.keys())
            want[p] += scoring(values, `patch_heads.${block}`, JOIN[form](query[p], mean([a[p], b[p]]))) / 2;
        }
        const s_i = scoring(values, "diff_head_ref", JOIN[form](psi(features[2 + at]), promptFeature));
        const phi = scoring(
          values,
          "diff_head",
          want.map((v) => v + s_i),
        );
        const s_p = Math.max(...want);
        assert.ok(maxError(map.values, want) < 2e-5, `${form}: map`);
        const got = [parts.s_i, parts.s_p, parts.phi, score];
        assert.ok(maxError(got, [s_i, s_p, phi, (phi + 0.5 * s_p) / 1.5]) < 2e-5, `${form}: ${got}`);
      }
    }
  }
});

test("a file tells its form and components, and what contradicts it is refused", async ({
  device,
  folder,
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  for (const form of FORMS) {
    using heads = made(device, form, { heads_form: form, components: "I" });
    const path = `${folder}/${form}.safetensors`;
    await heads.save(path);
    using loaded = await Heads.load(path, device);
    assert.equal([loaded.form, loaded.widths, [...loaded.components!]], [form, [32, 32], ["I"]]);
    assert.is(await componentsOf(backbone, loaded), "I", "what it was trained for");
    await throwsCode(
      () => inctrl(encoder, { heads: loaded, components: ["P", "I"] }),
      "components",
      /trained for the components I and know nothing of P; leave P out/,
    );
    const shallow = new Encoder(backbone, { taps: [1] });
    await throwsCode(
      () => inctrl(shallow, { heads: loaded }),
      "heads",
      /of widths 32, 32, and .* of widths 32;/,
    );
  }
  const refused: [Record<string, string>, RegExp][] = [
    [{ heads_form: "average" }, /says that its heads are "average", and its parts are those of concat/],
    [{ components: "X" }, /its components are "X" and must be some of P, I and T/],
  ];
  for (const [provenance, text] of refused)
    await throwsCode(() => made(device, "concat", provenance), "heads", text);
  const lacking = new Map(valuesOf("concat"));
  lacking.delete("patch_heads.1.bn2.weight");
  await throwsCode(() => Heads.fromValues(device, lacking, "a"), "heads", /\(patch_heads\.1\.bn2\.weight\)/);
});

test("heads of a backbone of equal sizes and other weights are refused by its fingerprint", async ({
  device,
  backbone,
}) => {
  const { fingerprint } = backbone;
  using own = made(device, "paper", { backbone: "small", fingerprint });
  assert.is(await componentsOf(backbone, own), "P,I");
  const other = `${fingerprint.startsWith("0") ? 1 : 0}${fingerprint.slice(1)}`;
  using heads = made(device, "paper", { backbone: "large", fingerprint: other });
  const text = new RegExp(
    `the backbone "large" of fingerprint "${other.slice(0, 16)}", and .* has ${fingerprint.slice(0, 16)};`,
  );
  await throwsCode(() => inctrl(new Encoder(backbone), { heads }), "heads", text);
  // The released files name none.
  using unnamed = made(device, "paper");
  assert.is(await componentsOf(backbone, unnamed), "P,I");
});

test("a folder of trainings is the rows of table 3, in the paper's order", async ({ device, folder }) => {
  const trained = [
    ["a", "average", "P,I"],
    ["b", "paper", "P,I,T"],
    ["c", "paper", "I"],
    ["d", "paper", "P,T"],
    ["e", "concat", "P,I"],
  ] as const;
  for (const [name, form, components] of trained) {
    using heads = made(device, form, { heads_form: form, components });
    await mkdir(`${folder}/rows/${name}`, { recursive: true });
    await heads.save(`${folder}/rows/${name}/heads.safetensors`);
  }
  await mkdir(`${folder}/rows/features`);
  const rows = await ablationHeads(`${folder}/rows`);
  assert.equal(
    rows.map(({ label, file }) => [label, file.at(-"x/heads.safetensors".length)]),
    [
      ["I", "c"],
      ["T+P", "d"],
      ["T+P+I", "b"],
      ["concatenation", "e"],
      ["average", "a"],
    ],
  );
});

test.run();
