import { concat, expand, scope, square, sum, type Tensor, tensor, valueAndGrad } from "@inctrl/tensor";
import { maxError, random, throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { buildClip, type TextTransformer } from "../../src/index.js";
import { reference } from "./reference.js";
import { readerOf, SMALL_CLIP, take, trainedValues } from "./support.js";

const test = deviceTests("text transformer");
const END = 20;
const values = trainedValues(SMALL_CLIP, 11);

/** Adds a test of the text tower. */
const testText = (title: string, run: (text: TextTransformer) => Promise<void>): void =>
  test(title, async ({ device }) => {
    using clip = await buildClip(device, SMALL_CLIP, readerOf(values), { parts: "text" });
    assert.ok(clip.text);
    await run(clip.text);
  });

/** Rows of ids, padded with zeros to a length. */
const rows = (texts: number[][], length: number) =>
  Int32Array.from(texts.flatMap((ids) => [...ids, ...new Array(length - ids.length).fill(0)]));

const TEXTS = [[19, 4, 7, END], [19, END], [19, 3, 3, 3, 12, END], [END]];

testText("features agree with float64 loops over each text alone", async (text) => {
  const want = TEXTS.flatMap((ids) => reference(SMALL_CLIP, values).text(ids));
  const error = maxError(await take(text.forward(rows(TEXTS, 9))), want);
  assert.ok(error < 5e-6, `${error}`);
});

testText("padding, the given length and the other texts do not change a feature", async (text) => {
  const full = await take(text.forward(rows(TEXTS, 9)));
  for (const length of [6, 7, 8]) assert.equal(await take(text.forward(rows(TEXTS, length), length)), full);
  for (const [i, ids] of TEXTS.entries()) {
    const alone = await take(text.forward(rows([ids], ids.length), ids.length));
    assert.ok(maxError(alone, full.subarray(7 * i, 7 * i + 7)) < 1e-6, `text ${i}`);
  }
  const filled = [19, 1, 2, 3, 4, 5, 6, 7, END];
  const beside = await take(text.forward(rows([...TEXTS, filled], 9)));
  assert.ok(maxError(beside.subarray(0, full.length), full) < 1e-6, "beside a text that fills the context");
});

test("first tokens that all texts share run once, with the same features and gradients", async ({
  device,
}) => {
  using clip = await buildClip(device, SMALL_CLIP, readerOf(values), { parts: "text", trainable: true });
  const { text } = clip;
  const shared = tensor(device, random(3, 1 * 3 * 9), [1, 3, 9]);
  const tails = tensor(device, random(4, 2 * 4 * 9), [2, 4, 9]);
  const run = (count: number) =>
    scope(() => {
      const { gradients, rest } = valueAndGrad(([first, rest]: readonly Tensor[]) => {
        const made = text!.fromEmbeddings(concat([expand(first, [2, 3, 9]), rest], 1), [6, 4], count);
        return [sum(square(made)), made] as const;
      })([shared, tails]);
      return [rest, ...gradients];
    });
  const [apart, once] = [run(0), run(3)];
  for (const [i, want] of apart.entries()) {
    const error = maxError(await take(once[i]), await take(want));
    assert.ok(error < 2e-5, `${i}: ${error}`);
  }
  shared.dispose();
  tails.dispose();
});

testText(
  "a feature is read at the first of the largest ids, and later ids do not change it",
  async (text) => {
    const [once, twice, other] = [
      [19, 5, END],
      [19, 5, END, 3, END],
      [19, 5, END, 8, 8],
    ];
    const got = await take(text.forward(rows([once, twice, other], 5), 5));
    const want = reference(SMALL_CLIP, values).text(once);
    for (let i = 0; i < 3; i++) assert.ok(maxError(got.subarray(7 * i, 7 * i + 7), want) < 5e-6, `row ${i}`);
  },
);

testText(
  "a token of id 0 inside a text is a token, and a row of padding alone has a feature",
  async (text) => {
    const inside = [19, 0, 0, 6, END];
    const got = await take(text.forward(rows([inside, []], 9)));
    assert.ok(maxError(got.subarray(0, 7), reference(SMALL_CLIP, values).text(inside)) < 5e-6);
    assert.ok(maxError(got.subarray(7), reference(SMALL_CLIP, values).text([0])) < 5e-6);
  },
);

testText("ids outside the vocabulary and rows that do not fit are refused", async (text) => {
  const refused = (ids: Int32Array, length: number | undefined, code: string, message: RegExp) =>
    throwsCode(() => text.forward(ids, length), code, message);
  await refused(Int32Array.of(19, 21), 2, "argument", /token id 21 is outside the vocabulary of 21/);
  await refused(Int32Array.of(-1, 2), 2, "argument", /token id -1/);
  await refused(new Int32Array(10), undefined, "shape", /10 ids are no rows of 9 \(context length 9\)/);
  await refused(new Int32Array(20), 10, "shape", /20 ids are no rows of 10 \(context length 9\)/);
});

test.run();
