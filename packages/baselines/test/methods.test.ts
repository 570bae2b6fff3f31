import { join } from "node:path";
import { Encoder, fitImages, type Preset, readOptions, type VitBackbone } from "@inctrl/detect";
import { throwsCode } from "@inctrl/testing";
import { deviceTests, textBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { METHODS } from "../src/index.js";
import { category } from "./coop/support.js";

const test = deviceTests("methods that ask text");
const WOOD = category("wood");

const find = (name: string) => METHODS.find((method) => method.name === name)!;

function open(backbone: VitBackbone, name: string, preset?: Preset, trained?: unknown) {
  const method = find(name);
  const settings = readOptions(method, {}, preset);
  return method.create(new Encoder(backbone, method.input?.(backbone, settings)), settings, trained);
}

for (const [name, preset, settings] of [
  ["clip-text", "paper", { ensemble: "winclip", average: "unit", scale: "100" }],
  ["clip-text", "anomalib", { ensemble: "anomalib", average: "raw", scale: String(1 / 0.07) }],
  ["winclip", "anomalib", { ensemble: "anomalib", average: "raw", patchTokens: "ln_post", mode: "few-shot" }],
] as const) {
  test(`${name} as ${preset} has it scores`, async ({ device, folder }) => {
    using backbone = await textBackbone(device, folder);
    const detector = open(backbone, name, preset);
    const all = await detector.settings();
    assert.equal({ ...all, ...settings }, all);
    using fitted = await fitImages(detector, WOOD.train, { className: "wood" });
    const scores = (await scoreWith(fitted, WOOD.test)).map(({ score }) => score);
    assert.is(new Set(scores).size, 3);
    assert.ok(scores.every((score) => score > 0 && score < 1));
  });
}

test("CoOp trains by its own options, and scores with what that left", async ({ device, folder }) => {
  using backbone = await textBackbone(device, folder);
  const coop = find("coop");
  await throwsCode(() => open(backbone, "coop"), "weights", /needs a context that a training has written/);
  const given = { context: "4", epochs: "1", steps: "2", batch: "4", position: "middle" };
  const told: number[] = [];
  const { file, finished } = await coop.train!(
    {
      ...{ backbone, categories: [category("metal"), category("fabric")], folder: join(folder, "coop") },
      ...{ resume: false, holdOut: ["fabric"], onStep: (step) => told.push(step) },
    },
    readOptions({ ...coop, options: coop.trainOptions! }, given),
  );
  assert.equal([finished, told], [true, [1, 2]]);
  using trained = (await coop.load!(file, device)) as Disposable;
  using fitted = await fitImages(open(backbone, "coop", "paper", trained), WOOD.train, { className: "wood" });
  const found = await scoreWith(fitted, WOOD.test);
  assert.ok(found.every(({ score, parts }) => Math.abs(score - (parts.text + parts.visual) / 2) < 1e-6));
});

test.run();
