import { join } from "node:path";
import { auroc, Encoder, type FeatureStore, fitImages, type HoldOut, scoreImages } from "@inctrl/detect";
import { openSafetensors } from "@inctrl/tensor";
import { maxError, throwsCode } from "@inctrl/testing";
import * as assert from "uvu/assert";
import { inctrl } from "../../src/detectors/inctrl.js";
import { Heads } from "../../src/heads.js";
import { type RunOptions, trainRun } from "../../src/training/run.js";
import { bytes, measured, OPTIONS, type TrainingContext, tinyCategories, trainingTests } from "./support.js";

const test = trainingTests("training run");
test("the loss falls, and what is written fits the detector and says where it is from", async ({
  folder,
  store,
  data,
  pairs,
}) => {
  const out = join(folder, "first");
  const steps: number[] = [];
  const result = await trainRun(data, pairs, {
    ...{
      ...OPTIONS,
      epochs: 2,
      steps: 12,
      lr: 1e-2,
      batch: 12,
      folder: out,
      provenance: { data: "products" },
    },
    onStep: ({ step }) => steps.push(step),
  });
  assert.ok(result.finished);
  assert.equal(
    steps,
    Array.from({ length: 24 }, (_, i) => i + 1),
  );
  const losses = result.losses.map(({ loss }) => loss);
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  assert.ok(mean(losses.slice(-6)) < 0.7 * mean(losses.slice(0, 6)), `${losses}`);
  for (const { loss, L_h, L_IRL } of result.losses) assert.ok(Math.abs(loss - L_h - L_IRL) < 1e-6);
  const file = await openSafetensors(join(out, "heads.safetensors"));
  const { metadata } = file;
  await file.close();
  assert.is(metadata.fingerprint, store.backbone.fingerprint);
  assert.is(metadata.data_sha256, data.hash);
  assert.equal(
    [metadata.data, metadata.epoch, metadata.steps, metadata.normal_images, metadata.anomalous_images],
    ["products", "2", "24", "24", "15"],
  );
  assert.equal(JSON.parse(metadata.held_out), ["wood"]);
  assert.is(JSON.parse(metadata.options).lr, 1e-2);
  assert.match(bytes(out, "curve").toString(), /^<svg /);
  await scoresAgree(store, data.holdOut[0], result.heads.last, result.epochs.at(-1)!.hold_out.wood.auroc!);
});

/** Trains heads for an epoch: the loss falls, and the file scores the category held out as it was judged. */
async function trainHeads(
  { folder, store, data, pairs }: TrainingContext,
  options: Partial<RunOptions> & Pick<RunOptions, "steps">,
) {
  const { losses, heads, epochs } = await trainRun(data, pairs, {
    ...{ ...OPTIONS, ...options, epochs: 1 },
    folder: join(folder, Object.values(options).join("-")),
  });
  assertFalls(losses, Math.floor(options.steps / 3));
  await scoresAgree(store, data.holdOut[0], heads.last, epochs.at(-1)!.hold_out.wood.auroc!);
  return { losses, file: heads.last };
}

/** The last losses are together less than as many first ones. */
function assertFalls(losses: readonly { readonly loss: number }[], count: number): void {
  const sum = (some: typeof losses) => some.reduce((total, { loss }) => total + loss, 0);
  assert.ok(sum(losses.slice(-count)) < sum(losses.slice(0, count)), `${losses.map(({ loss }) => loss)}`);
}

test("heads that see ranks train, balanced by category, and score as they were judged", async (context) => {
  for (const [headsForm, lr] of [
    ["sorted", 5e-3],
    ["monotone", 2e-2],
  ] as const) {
    const options = { lr, batch: 12, headsForm, balance: "categories", steps: 16 } as const;
    const { losses, file } = await trainHeads(context, options);
    assert.ok(losses.every(({ L_IRL, L_h, loss }) => L_IRL === 0 && L_h === loss));
    using loaded = await Heads.load(file, context.device);
    assert.equal(
      [
        loaded.form,
        loaded.fits({ embedDim: 1, patches: 2 }),
        JSON.parse(loaded.provenance.options).headsForm,
      ],
      [headsForm, true, headsForm],
    );
  }
});

test("forms that join features and choices of components train, and its file is used for what it was trained for", async (context) => {
  const rows = [
    ["average", undefined, "P,I"],
    ["paper", ["I"], "I"],
  ] as const;
  for (const [headsForm, components, trained] of rows) {
    const { losses, file } = await trainHeads(context, { lr: 5e-3, headsForm, components, steps: 12 });
    assert.is(
      losses.every(({ L_IRL }) => L_IRL > 0),
      trained.includes(","),
      "s_i has a loss beside the score's",
    );
    using loaded = await Heads.load(file, context.device);
    assert.equal([loaded.form, [...loaded.components!].join()], [headsForm, trained]);
  }
  const refused = [
    ["paper", ["P"], /P: heads of the paper form have nothing to train here/],
    ["paper", ["P", "T"], /P,T: there is no text/],
    ["monotone", ["P", "I"], /P,I: heads of the monotone form have no image level/],
  ] as const;
  for (const [headsForm, components, why] of refused)
    await throwsCode(
      () =>
        trainRun(context.data, context.pairs, {
          ...{ ...OPTIONS, headsForm, components, folder: join(context.folder, "none") },
        }),
      "training",
      why,
    );
});

/** The written heads score the category held out as training judged it. */
async function scoresAgree({ backbone }: FeatureStore, { prompts }: HoldOut, heads: string, judged: number) {
  const { train, test: tests } = tinyCategories().find(({ name }) => name === "wood")!;
  const given = train.filter(({ id }) => prompts.includes(id));
  assert.is(given.length, 2);
  using loaded = await Heads.load(heads, backbone.device);
  using fitted = await fitImages(inctrl(new Encoder(backbone), { heads: loaded }), given);
  const scores: number[] = [];
  for await (const result of scoreImages(fitted, tests))
    scores.push("score" in result ? result.score : Number.NaN);
  const area = auroc(
    tests.map(({ label }) => label),
    scores,
  );
  // Ten pairs of a normal and an anomalous image; half precision may turn the order of one that is almost equal.
  assert.ok(Math.abs(area! - judged) < 0.11, `${area} ${judged}`);
}

test("a loss that is no number stops the run: step, images and last good checkpoint are named", async ({
  folder,
  store,
  data,
  pairs,
}) => {
  const out = join(folder, "nan");
  const spoil = (step: number) => {
    if (step === 6) for (let i = 0; i < store.size; i++) store.feature(i)[0] = Number.NaN;
  };
  await throwsCode(
    () => trainRun(data, pairs, { ...OPTIONS, folder: out, onStep: ({ step }) => spoil(step) }),
    "diverged",
    /^step 7: the loss is NaN \(images: \w+\/(good|bad)\/\d+, .* and \d+ more\); .*diverged\.json; the last good checkpoint is .*checkpoint\.safetensors, after step 4$/,
  );
  const { step, files } = JSON.parse(bytes(out, "diverged").toString());
  assert.is(step, 7);
  assert.ok(files.length >= 8 && files.every((name: string) => /^(fabric|leather|metal)\//.test(name)));
  assert.is(measured(out).length, 7, "six steps and an epoch");
});

test("losses of both forms and every optimizer train", async ({ folder, data, pairs }) => {
  const firsts: number[] = [];
  for (const options of [{ loss: "logits" }, { optimizer: "adam" }, { optimizer: "sgd", lr: 0.1 }] as const) {
    const { losses } = await trainRun(data, pairs, {
      ...{ ...OPTIONS, lr: 5e-3, batch: 12, ...options, epochs: 1, steps: 13 },
      folder: join(folder, Object.values(options).join("-")),
    });
    assertFalls(losses, 4);
    firsts.push(losses[0].loss);
  }
  assert.ok(maxError([firsts[1]], [firsts[2]]) === 0, "the first loss is before any step");
  assert.ok(Math.abs(firsts[0] - firsts[1]) > 1e-3, "the forms differ");
});

test.run();
