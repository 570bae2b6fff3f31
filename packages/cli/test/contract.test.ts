import { join } from "node:path";
import { Context, randomRegistration, type TrainedContext } from "@inctrl/baselines";
import {
  type Backbone,
  Encoder,
  fitImages,
  type Method,
  readOptions,
  type VitBackbone,
} from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { randomImage, throwsCode } from "@inctrl/testing";
import { deviceTests, textBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { METHODS } from "../src/methods.js";

const test = deviceTests("contract of methods");
const ABOUT = { className: "part" };
const SHOTS = 2;
const images = (count: number, seed: number) =>
  Array.from({ length: count }, (_, i) => randomImage(seed + i, 17));

/** Methods that have no nearest patch to show. */
const UNMATCHED = ["clip-text", "padim", "regad", "subspacead"];

/** A small backbone that a method takes. */
const backboneOf = ({ name }: Method, device: Device, folder: string): Promise<Backbone> =>
  name === "regad"
    ? randomRegistration(device, { mode: "rotation_scale", side: 32, blocks: [1, 1, 1] }, 0)
    : textBackbone(device, folder);

/** What a method that cannot do without training was trained to; a context as it begins will do. */
async function trainedFor({ name }: Method, backbone: Backbone): Promise<TrainedContext | undefined> {
  if (name !== "coop") return undefined;
  const options = { count: 2, position: "end", form: "unified" } as const;
  const width = await (backbone as VitBackbone).withText(async ({ text }) => text.text.width);
  const context = new Context(options, width).to(backbone.device);
  const text = (await backbone.textFingerprint()) as string;
  return {
    ...{ context, digest: "seed 0", provenance: {}, [Symbol.dispose]: () => context.dispose() },
    info: { ...options, version: 1, words: null, scale: 100, seed: 0, text },
  };
}

test("every method has a name of its own, and presets that its options take", () => {
  assert.is(new Set(METHODS.map(({ name }) => name)).size, METHODS.length);
  for (const method of METHODS)
    for (const preset of Object.keys(method.presets ?? {})) readOptions(method, {}, preset as "paper");
});

for (const method of METHODS)
  test(`${method.name}: the same bits at any batch size, in any order and from a file; a prompt matches itself`, async ({
    device,
    folder,
  }) => {
    using backbone = await backboneOf(method, device, folder);
    using trained = await trainedFor(method, backbone);
    const settings = readOptions(method);
    const input = method.input?.(backbone, settings);
    const encoder = (batch?: number) => new Encoder(backbone, { ...input, batch });
    const detector = method.create(encoder(), settings, trained);
    await throwsCode(() => fitImages(detector, [], ABOUT), "shots", /no prompts/);
    const prompts = images(SHOTS, 1);
    using fitted = await fitImages(detector, prompts, ABOUT);
    const queries = [...images(4, 50), prompts[1]];
    const all = await scoreWith(fitted, queries, encoder(8));
    assert.is(new Set(all.map(({ score }) => score)).size, 5, "images that all score alike prove nothing");
    for (const batch of [1, 3]) assert.equal(await scoreWith(fitted, queries, encoder(batch)), all);
    const reversed = await scoreWith(fitted, queries.toReversed(), encoder(3));
    assert.equal(reversed.toReversed(), all);
    const path = join(folder, `${method.name}.safetensors`);
    await fitted.save(path);
    using loaded = await method.create(encoder(), settings, trained).load(path, ABOUT);
    assert.equal(loaded.prompts, fitted.prompts);
    assert.equal(await scoreWith(loaded, queries, encoder(8)), all);
    const own = all[4].matches;
    assert.is(own === null, UNMATCHED.includes(method.name));
    assert.equal(new Set(own?.prompts), new Set(own ? [1] : []));
  });

test.run();
