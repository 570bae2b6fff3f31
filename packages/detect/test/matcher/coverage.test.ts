import { maxError, product, randomImage, throwsCode } from "@inctrl/testing";
import { backboneTests } from "@inctrl/testing/device";
import { cosine, encodedPrompts } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { coverPool, Encoder, type ImageItem } from "../../src/index.js";

const test = backboneTests("coverage");

/** By prompt, image, tap and patch the largest cosine to a patch of the prompt, in float64. */
async function allCosines(encoder: Encoder, images: readonly ImageItem[], symmetries: number) {
  using prompts = await encodedPrompts(encoder, images, { symmetries });
  const rows = await Promise.all(prompts.map((prompt) => Promise.all(prompt.rows.map((tap) => tap.data()))));
  return rows.map((bank) =>
    rows.map((image) =>
      image.map((patches, tap) => {
        const { width, rows: down, columns } = encoder.layouts[tap];
        return Array.from({ length: down * columns }, (_, at) => {
          let most = -1;
          for (let other = 0; other < bank[tap].length; other += width)
            most = Math.max(most, cosine(patches, at * width, bank[tap], other, width));
          return most;
        });
      }),
    ),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, each) => sum + each, 0) / values.length;
const median = (values: readonly number[]) => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.floor(sorted.length / 2)]) / 2;
};

/** Greedy coverage as its definition says it. */
function plainCoverage(cosines: number[][][][], shots: number) {
  const all = cosines.map((_, i) => i);
  const map = (image: number, prompts: readonly number[]) => {
    const [first] = cosines[0][image];
    return first.map((_, at) =>
      mean(
        cosines[0][image].map(
          (_, tap) => (1 - Math.max(...prompts.map((prompt) => cosines[prompt][image][tap][at]))) / 2,
        ),
      ),
    );
  };
  const peaks = all.map((image) =>
    Math.max(
      ...map(
        image,
        all.filter((other) => other !== image),
      ),
    ),
  );
  const middle = median(peaks);
  const bound = middle + 5 * median(peaks.map((peak) => Math.abs(peak - middle)));
  const usual = all.filter((image) => peaks[image] <= bound);
  const left = (prompts: readonly number[]) => mean(usual.map((image) => mean(map(image, prompts))));
  const alone = mean(usual.map((image) => left([image])));
  const chosen: number[] = [];
  const lefts: number[] = [];
  for (let k = 0; k < shots; k++) {
    const open = usual.filter((image) => !chosen.includes(image));
    const found = open.map((image) => left([...chosen, image]));
    chosen.push(open[found.indexOf(Math.min(...found))]);
    lefts.push(Math.min(...found));
  }
  return { peaks, bound, usual, alone, chosen, lefts };
}

for (const symmetries of [1, 8])
  test(`greedy coverage is that of a plain loop in float64, in ${symmetries} symmetries`, async ({
    backbone,
  }) => {
    const encoder = new Encoder(backbone, { batch: 3 });
    const images = Array.from({ length: 10 }, (_, seed) => randomImage(seed, 40, 33));
    const want = plainCoverage(await allCosines(encoder, images, symmetries), 5);
    const { compared, chosen, alone, unusual, bound } = await coverPool(encoder, images, {
      shots: 5,
      symmetries,
    });
    assert.is(compared, 10);
    assert.equal(
      chosen.map(({ name }) => name),
      want.chosen.map(String),
    );
    assert.ok(
      maxError(
        chosen.map(({ left }) => left),
        want.lefts,
      ) < 1e-6,
    );
    assert.ok(maxError([alone, bound!], [want.alone, want.bound]) < 1e-6);
    const before = [want.alone, ...want.lefts];
    assert.ok(
      maxError(
        chosen.map(({ share }) => share),
        want.lefts.map((left, i) => (before[i] - left) / want.alone),
      ) < 1e-4,
    );
    assert.is(unusual.length, images.length - want.usual.length);
  });

test("an image of another kind is unusual, and is not chosen", async ({ backbone }) => {
  const pool = [
    ...Array.from({ length: 11 }, (_, i) => product("metal", i, false)),
    product("fabric", 0, false),
  ];
  const { unusual, bound, chosen } = await coverPool(new Encoder(backbone), pool, { shots: 12 });
  assert.equal(
    unusual.map(({ name }) => name),
    ["fabric/good/0"],
  );
  assert.ok(unusual[0].peak > bound!);
  assert.is(chosen.length, 11, "all others");
  assert.ok(chosen[10].left < 1e-6, "all that is chosen is covered");
});

test("a large pool is thinned evenly; what cannot be read is left out; too few are refused", async ({
  backbone,
}) => {
  const encoder = new Encoder(backbone);
  const images = Array.from({ length: 9 }, (_, seed) => randomImage(seed, 32));
  const { compared, chosen, bound } = await coverPool(encoder, images, { shots: 3, most: 3 });
  assert.equal([compared, bound], [3, null]);
  assert.equal(chosen.map(({ name }) => name).sort(), ["1", "4", "7"]);
  const unread: ImageItem = { id: "unread", load: () => Promise.reject(new Error("unread")) };
  const skipped: string[] = [];
  const some = [...images.slice(0, 2), unread];
  const onSkipped = ({ id }: ImageItem) => skipped.push(id);
  assert.is((await coverPool(encoder, some, { shots: 1, onSkipped })).compared, 2);
  assert.equal(skipped, ["unread"]);
  await throwsCode(
    () => coverPool(encoder, some, { shots: 3, onSkipped }),
    "shots",
    /2 images to choose 3 of/,
  );
  const signal = AbortSignal.abort();
  const stopped = await coverPool(encoder, images, { shots: 3, signal }).catch(({ name }) => name);
  assert.is(stopped, "AbortError");
});

test.run();
