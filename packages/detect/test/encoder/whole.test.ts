import { join } from "node:path";
import { maxError, randomImage, throwsCode } from "@inctrl/testing";
import { deviceTests, smallBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { randomBackbone } from "../../src/backbone/load-backbone.js";
import { bestMatch } from "../../src/detector.js";
import {
  type Augmentation,
  Encoder,
  type EncoderOptions,
  encodePrompts,
  fitImages,
  patchesOf,
} from "../../src/index.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = deviceTests("images that are not square");
const WHOLE = { fit: "whole", preprocess: { multiple: 8 } } satisfies EncoderOptions;
// 4 x 4, 4 x 7, 5 x 4, and twice 4 x 4 patches of 8 pixels.
const SIZES = [
  [32, 32],
  [60, 32],
  [40, 50],
  [32, 32],
  [36, 37],
] as const;
const IMAGES = SIZES.map(([width, height], i) => randomImage(i, width, height, `image ${i}`));

/** A small image tower that takes images of any size. */
async function anySize(device: Parameters<typeof smallBackbone>[0]) {
  using small = await smallBackbone(device);
  const { config } = small;
  return randomBackbone(device, { ...config, vision: { ...config.vision, positions: "antialias" } }, 1);
}

test("each view keeps its own grid, batches hold views of one size, and company changes no bit", async ({
  device,
}) => {
  using backbone = await anySize(device);
  const alone: Float32Array[][] = [];
  for (const batch of [1, 3, 8]) {
    const [grids, sizes, values]: [string[], number[], Float32Array[][]] = [[], [], []];
    for await (const encoded of new Encoder(backbone, { ...WHOLE, batch }).encode(IMAGES)) {
      sizes.push(encoded.views.length);
      const [{ rows, columns }] = encoded.layouts;
      const tokens = await encoded.taps[0].data();
      for (const [i, { image }] of encoded.views.entries()) {
        grids.push(`${image}: ${rows} x ${columns}`);
        values.push([
          tokens.slice(
            (i * tokens.length) / encoded.views.length,
            ((i + 1) * tokens.length) / encoded.views.length,
          ),
        ]);
      }
      encoded.dispose();
    }
    assert.equal(grids, ["0: 4 x 4", "1: 4 x 7", "2: 5 x 4", "3: 4 x 4", "4: 4 x 4"]);
    assert.equal(sizes, batch === 1 ? [1, 1, 1, 1, 1] : [1, 1, 1, 2]);
    if (batch === 1) alone.push(...values);
    else {
      const tolerance = device.caps.software ? 0 : 1e-5;
      for (const [i, each] of values.entries()) assert.ok(maxError(each[0], alone[i][0]) <= tolerance);
    }
  }
});

test("a bank of prompts of several sizes knows each patch's place, also when it is loaded", async ({
  device,
  folder,
}) => {
  using backbone = await anySize(device);
  const path = join(folder, "whole.safetensors");
  for (const symmetries of [1, 8]) {
    const detector = nearestPatch(new Encoder(backbone, WHOLE), { symmetries });
    using fitted = await fitImages(detector, IMAGES.slice(0, 3));
    assert.equal(
      fitted.prompts.map(({ grids }) => grids?.[0]),
      [undefined, [4, 7], [5, 4]],
    );
    await fitted.save(path);
    using loaded = await detector.load(path);
    const scores = await scoreWith(loaded, IMAGES.slice(0, 3));
    assert.equal(scores, await scoreWith(fitted, IMAGES.slice(0, 3)));
    for (const [i, { map, matches, score }] of scores.entries()) {
      assert.ok(Math.abs(score) < 1e-6, "a prompt is like itself");
      assert.ok(matches!.prompts.every((prompt) => prompt === i));
      assert.equal([...matches!.patches], [...map.values.keys()]);
    }
    const { promptGrid } = bestMatch(scores[1])!;
    assert.equal([promptGrid?.rows, promptGrid?.columns], [4, 7]);
  }
});

test("a network of one size is refused before an image is read", async ({ device }) => {
  using backbone = await smallBackbone(device);
  await throwsCode(() => new Encoder(backbone, WHOLE), "views", /takes 32 x 32/);
});

/** Half as bright as variant 1, between whole pixels. */
const dimmed: Augmentation = {
  name: "dimmed",
  count: 2,
  variant: (view, n) =>
    n === 0 ? view : { ...view, pixels: Float32Array.from(view.pixels, (value) => value / 2) },
};

test("prompts come in the variants of an augmentation, with pixels between whole ones, and banks remember it", async ({
  device,
  folder,
}) => {
  using backbone = await smallBackbone(device);
  const encoder = new Encoder(backbone, { raw: true });
  const halved = (seed: number) => {
    const { load, id } = randomImage(seed, 32);
    return {
      id,
      load: async () => ({ ...(await load()), data: (await load()).data.map((v) => 2 * (v >> 2)) }),
    };
  };
  // Even bytes have exact halves, which are an image of their own.
  const dark = {
    id: "dark",
    load: async () => ({
      ...(await halved(1).load()),
      data: (await halved(1).load()).data.map((v) => v / 2),
    }),
  };
  const [prompt] = await encodePrompts(encoder, [halved(1)], { augmentation: dimmed });
  const [own] = await encodePrompts(encoder, [dark]);
  const [{ width }] = prompt.layouts;
  const patches = patchesOf(prompt.layouts[0]);
  assert.equal(prompt.rows[0].shape, [2 * patches, width]);
  assert.ok(
    maxError((await prompt.rows[0].data()).subarray(patches * width), await own.rows[0].data()) < 1e-5,
  );
  for (const each of [prompt, own]) each.dispose();

  const detector = nearestPatch(new Encoder(backbone), { augmentation: dimmed });
  using fitted = await fitImages(detector, [halved(1)]);
  const path = join(folder, "dimmed.safetensors");
  await fitted.save(path);
  using loaded = await detector.load(path);
  for (const { score, matches } of await scoreWith(loaded, [dark])) {
    assert.ok(Math.abs(score) < 1e-6, "a variant is like itself");
    assert.equal(
      [...matches!.patches],
      Array.from({ length: patches }, (_, i) => i),
    );
  }
  await throwsCode(
    () => nearestPatch(new Encoder(backbone)).load(path),
    "bank",
    /its prompts were augmented by dimmed and this method's are by none/,
  );
});

test.run();
