import { join } from "node:path";
import { Encoder, fitImages, readOptions } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { randomImage, throwsCode } from "@inctrl/testing";
import { deviceTests, textBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { METHODS } from "../src/index.js";
import { randomRegistration } from "../src/regad/backbone.js";

const test = deviceTests("contract of methods");
const images = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => randomImage(seed + i, 17));

/** A small backbone that a method takes. */
const backboneOf = (method: string, device: Device, folder: string) =>
  method === "regad"
    ? randomRegistration(device, { mode: "rotation_scale", side: 32 }, 0)
    : textBackbone(device, folder);

test("every method has a name of its own, and presets that its options take", () => {
  assert.is(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  for (const method of METHODS)
    for (const preset of Object.keys(method.presets ?? {})) readOptions(method, {}, preset as "paper");
});

for (const method of METHODS.filter(({ load }) => !load)) {
  test(`${method.name}: a view's score has the same bits at any batch size and order, and from a file`, async ({
    device,
    folder,
  }) => {
    using backbone = await backboneOf(method.name, device, folder);
    const settings = readOptions(method);
    const input = method.input?.(backbone, settings);
    const encoder = (batch?: number) => new Encoder(backbone, { ...input, batch });
    const about = { className: "part" };
    using fitted = await fitImages(method.create(encoder(), settings), images(2, 1), about);
    const queries = images(5, 50);
    const all = await scoreWith(fitted, queries, encoder(5));
    assert.is(new Set(all.map(({ score }) => score)).size, 5, "images that all score alike prove nothing");
    for (const batch of [1, 2]) assert.equal(await scoreWith(fitted, queries, encoder(batch)), all);
    const reversed = await scoreWith(fitted, queries.toReversed(), encoder(5));
    assert.equal(reversed.toReversed(), all);
    const path = join(folder, "state.safetensors");
    await fitted.save(path);
    using loaded = await method.create(encoder(), settings).load(path, about);
    assert.equal(loaded.prompts, fitted.prompts);
    assert.equal(await scoreWith(loaded, queries, encoder(5)), all);
  });

  test(`${method.name}: no prompts are refused`, async ({ device, folder }) => {
    using backbone = await backboneOf(method.name, device, folder);
    const settings = readOptions(method);
    const detector = method.create(new Encoder(backbone, method.input?.(backbone, settings)), settings);
    await throwsCode(() => fitImages(detector, [], { className: "part" }), "shots", /no prompts/);
  });
}

test.run();
