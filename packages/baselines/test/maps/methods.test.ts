import { join } from "node:path";
import {
  type Backbone,
  Encoder,
  fitImages,
  type Method,
  PRESETS,
  patchesOf,
  readOptions,
} from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { randomImage, throwsCode } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { padimMethod } from "../../src/padim/method.js";
import { patchcoreMethod } from "../../src/patchcore/method.js";
import { randomResNet } from "../../src/resnet/backbone.js";
import { spadeMethod } from "../../src/spade/method.js";

const test = backboneTests("methods of maps");

const METHODS = [spadeMethod, padimMethod, patchcoreMethod];

/** The smallest network with three layers. */
const smallResNet = (device: Device): Promise<Backbone> =>
  randomResNet(device, { name: "small", blocks: [1, 1, 1], bottleneck: null }, 0);

/** Pictures small enough for a test. */
const SMALL = { size: 32, resize: 36 };

function open(method: Method, backbone: Backbone, given: Record<string, unknown> = {}, batch = 8) {
  const settings = readOptions(method, { blur: 1, ...given });
  const input = method.input!(backbone, settings);
  const encoder = new Encoder(backbone, { ...input, preprocess: { ...input.preprocess, ...SMALL }, batch });
  return method.create(encoder, settings);
}

const images = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => randomImage(from + i, 40));

for (const method of METHODS) {
  const { name } = method;
  test(`${name} on a ResNet: maps, matches, and the same bits one by one`, async ({ device }) => {
    using backbone = await smallResNet(device);
    const detector = open(method, backbone, name === "patchcore" ? { coreset: 0.6, reweight: 3 } : {});
    using fitted = await fitImages(detector, images(1, 3));
    const queries = [...images(1, 1), ...images(50, 3)];
    const all = await scoreWith(fitted, queries);
    assert.is(new Set(all.map(({ score }) => score)).size, 4);
    // PatchCore's coreset may have dropped the prompt's own patches.
    for (const { score } of all.slice(1)) assert.ok(all[0].score < score, `${all[0].score}, ${score}`);
    for (const { map, matches } of all) {
      assert.equal([map.rows, map.columns, map.values.length], [32, 32, 1024]);
      if (name === "padim") assert.is(matches, null);
      else {
        const { grid, prompts, patches } = matches!;
        assert.is(prompts.length, grid!.rows * grid!.columns);
        assert.ok(prompts.every((prompt) => prompt >= 0 && prompt < 3));
        assert.ok(patches.every((patch) => patch >= 0 && patch < patchesOf({ ...grid!, width: 0 })));
      }
    }
    const one = await scoreWith(fitted, queries, open(method, backbone, {}, 1).encoder);
    assert.equal(one, all);
  });
}

for (const method of METHODS)
  test(`${method.name} on a ViT: every preset scores, from one prompt too`, async ({ backbone }) => {
    for (const preset of PRESETS.filter((name) => method.presets?.[name])) {
      const settings = { ...method.presets?.[preset], blur: 1 };
      using fitted = await fitImages(open(method, backbone, settings), images(1, 1));
      const [own, other] = await scoreWith(fitted, [...images(1, 1), ...images(9, 1)]);
      assert.ok(own.score >= 0 && own.score < other.score, `${preset}: ${own.score}, ${other.score}`);
    }
  });

test("banks of other settings, and settings that do not fit, are refused", async ({ folder, backbone }) => {
  const rows: [Method, Record<string, unknown>, Record<string, unknown>, RegExp][] = [
    [padimMethod, { channels: 5 }, { channels: 5, seed: 1 }, /keeps other channels/],
    [patchcoreMethod, { pretrainDim: 50 }, { pretrainDim: 51 }, /embedded with other settings/],
  ];
  for (const [method, made, asked, why] of rows) {
    using fitted = await fitImages(open(method, backbone, made), images(1, 2));
    const path = join(folder, `${method.name}.safetensors`);
    await fitted.save(path);
    await throwsCode(() => open(method, backbone, asked).load(path), "bank", why);
  }
  await throwsCode(
    () => open(padimMethod, backbone, { channels: 1e6 }),
    "option",
    /channels of padim are 1000000/,
  );
  await throwsCode(() => open(patchcoreMethod, backbone, { patchSize: 2 }), "option", /odd sides/);
});

test.run();
