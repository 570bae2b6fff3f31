import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig, randomParameters } from "@inctrl/clip";
import { type Detector, Encoder, fitImages, lineOf, randomBackbone } from "@inctrl/detect";
import { Heads, inctrl, residual, shippedHeads } from "@inctrl/inctrl";
import { findRuntime, type Runtime, type Scorer, vitTower, writeScorer } from "@inctrl/onnx";
import { type Device, openDevice } from "@inctrl/tensor";
import { generator, randomImage } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const vision_cfg = { image_size: 32, layers: 3, width: 64, head_width: 32, patch_size: 8 };
const text_cfg = { context_length: 8, vocab_size: 16, width: 64, heads: 1, layers: 1 };
const CONFIG = parseConfig({ embed_dim: 16, vision_cfg, text_cfg, out_blocks: [1, 2, 3] });
const [EMBED, PATCHES, SEED] = [16, 16, 3];
/** Two float32 sums of 64 products in another order. */
const TOLERANCE = 1e-5;

const runtime = findRuntime(createRequire(import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "inctrl-onnx-"));
const path = join(folder, "scorer.onnx");

const test = suite<{ device: Device }>("scorers in onnxruntime");
test.before(async (context) => {
  context.device = await openDevice();
});
test.after(({ device }) => {
  device.close();
  rmSync(folder, { recursive: true });
});

/** Heads of the paper's form with seeded values. */
function paperHeads(device: Device): Heads {
  const next = generator(5);
  const draw = (...shape: number[]) => ({
    shape,
    data: Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => next() - 0.5),
  });
  const positive = (n: number) => ({
    shape: [n],
    data: Float32Array.from({ length: n }, () => 0.5 + next()),
  });
  const scoring = (name: string, inputs: number) =>
    [
      [inputs, 128],
      [128, 64],
      [64, 1],
    ].flatMap(([from, to], i) => [
      [`${name}.projection${i + 1}.weight`, draw(to, from)] as const,
      [`${name}.projection${i + 1}.bias`, draw(to)] as const,
      ...(i === 2
        ? []
        : ["weight", "bias", "running_mean", "running_var"].map(
            (part) =>
              [`${name}.bn${i + 2}.${part}`, part === "running_var" ? positive(to) : draw(to)] as const,
          )),
    ]);
  const values = new Map([
    ["adapter.fc.0.weight", draw(EMBED / 4, EMBED)] as const,
    ["adapter.fc.2.weight", draw(EMBED, EMBED / 4)] as const,
    ...scoring("diff_head_ref", EMBED),
    ...scoring("diff_head", PATCHES),
  ]);
  return Heads.fromValues(device, values, "seeded heads");
}

/** Writes a detector that knows two prompts, and tells how far onnxruntime's results lie from ours. */
async function written(
  device: Device,
  make: (encoder: Encoder) => Detector,
  more: Partial<Scorer> = {},
  with_: Runtime | null = runtime,
) {
  using backbone = await randomBackbone(device, CONFIG, SEED);
  const images = [randomImage(1, 40, 32), randomImage(2, 32, 48)];
  using fitted = await fitImages(make(new Encoder(backbone)), images);
  const scorer = { fitted, tower: vitTower(CONFIG, randomParameters(SEED)), ...more };
  return await writeScorer(path, scorer, with_, { "inctrl.method": "tested" });
}

test("scores, maps and verdicts are ours, for each method and form of heads", async ({ device }) => {
  if (!runtime) return console.log("skipped: onnxruntime-node is not installed");
  using paper = paperHeads(device);
  using shipped = await Heads.load(shippedHeads("nano")!, device);
  // Without what they were trained with, since these are other networks.
  using monotone = Heads.fromValues(device, shipped.values, "nano's values");
  const scores = [0.1, 0.2, 0.3];
  const judge = { line: lineOf(scores, 0.3), scores };
  const cases: [string, (encoder: Encoder) => Detector, Partial<Scorer>?][] = [
    ["residual", (encoder) => residual(encoder), { judge }],
    ["residual of 8 symmetries", (encoder) => residual(encoder, { symmetries: 8, aggregate: "top3" })],
    ["the paper's heads", (encoder) => inctrl(encoder, { heads: paper }), { heads: paper, judge }],
    [
      "the paper's image residual alone",
      (encoder) => inctrl(encoder, { heads: paper, components: ["I"] }),
      { heads: paper },
    ],
    [
      "monotone heads",
      (encoder) => inctrl(encoder, { heads: monotone, components: ["P"], alpha: 0.5 }),
      { heads: monotone },
    ],
  ];
  for (const [name, make, more] of cases) {
    const agreement = await written(device, make, more);
    for (const error of Object.values(agreement!)) assert.ok(error <= TOLERANCE, `${name}: off by ${error}`);
    assert.ok(existsSync(path), name);
  }
});

test("a file that does not compute the same is not written, and an older one stays", async ({ device }) => {
  if (!runtime) return console.log("skipped: onnxruntime-node is not installed");
  writeFileSync(path, "older");
  const other = { tower: vitTower(CONFIG, randomParameters(SEED + 1)) };
  const error = await written(device, (encoder) => residual(encoder), other).catch((error) => error);
  assert.is(error?.code, "different");
  assert.equal(readdirSync(folder), ["scorer.onnx"]);
});

test("what has no form in ONNX is refused by name", async ({ device }) => {
  const refusal = async (make: (encoder: Encoder) => Detector) =>
    (await written(device, make, {}, null).catch((error) => error)) as { code: string; message: string };
  for (const [made, words] of [
    [await refusal((encoder) => residual(encoder, { averaged: true })), /averaged=on/],
    [await refusal((encoder) => residual(encoder, { distance: "subspace" })), /distance=subspace/],
    [await refusal(({ backbone }) => residual(new Encoder(backbone, { fit: "tile" }))), /fit tile/],
  ] as const) {
    assert.is(made.code, "method");
    assert.match(made.message, words);
  }
});

test.run();
