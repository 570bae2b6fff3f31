import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Encoder, FeatureStore, fitImages, gatherData, TensorCache } from "@inctrl/detect";
import { product, throwsCode } from "@inctrl/testing";
import { deviceTests, textBackbone } from "@inctrl/testing/device";
import { scoreWith } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import { coopDetector } from "../../src/coop/coop.js";
import { loadContext } from "../../src/coop/file.js";
import { CONTEXT_FILES, type ContextRun, trainContext } from "../../src/coop/run.js";
import { CONTEXT_DEFAULTS } from "../../src/coop/trainer.js";
import { windowInput } from "../../src/winclip/winclip.js";
import { category } from "./support.js";

const test = deviceTests("CoOp's training");

const OPTIONS = { ...CONTEXT_DEFAULTS, count: 4, epochs: 2, steps: 3, batch: 4, lr: 0.5 };

test("the loss falls; a run killed within an epoch and resumed ends with the same bytes; its context scores", async ({
  device,
  folder,
}) => {
  using backbone = await textBackbone(device, folder);
  const store = new FeatureStore(backbone, await TensorCache.open(join(folder, "cache")));
  const categories = [category("metal"), category("wood")];
  const data = await gatherData(store, categories, {
    ...{ shots: 1, seed: 0, holdOut: ["wood"], withoutText: true },
  });
  const run = (name: string, more: Partial<ContextRun> = {}) =>
    trainContext(store, data, { ...OPTIONS, folder: join(folder, name), ...more });
  // What is there within the second epoch is what a run leaves that is killed then.
  const killed = ({ step }: { step: number }) =>
    void (step === 5 && cpSync(join(folder, "whole"), join(folder, "killed"), { recursive: true }));
  const whole = await run("whole", { onStep: killed });
  assert.ok(whole.finished);
  const losses = whole.losses.map(({ loss }) => loss);
  assert.ok(
    losses.slice(-3).reduce((a, b) => a + b) < losses.slice(0, 3).reduce((a, b) => a + b),
    `${losses}`,
  );
  assert.equal(
    whole.losses.map(({ lr }) => lr).filter((_, i) => i % 3 === 0),
    [1e-5, 0.5],
  );
  assert.equal(
    whole.epochs.map(({ epoch }) => epoch),
    [1, 2],
  );

  assert.ok((await run("killed", { resume: true })).finished);
  for (const name of ["context", "best", "checkpoint"] as const) {
    const bytes = (at: string) => readFileSync(join(folder, at, CONTEXT_FILES[name]));
    assert.ok(bytes("killed").equals(bytes("whole")), name);
  }

  using trained = await loadContext(whole.file, device);
  assert.equal(
    [trained.info.count, trained.info.position, trained.info.seed, trained.provenance.data_sha256],
    [4, "end", 0, data.hash],
  );
  const encoder = new Encoder(backbone, windowInput("coop", backbone, "raw"));
  using fitted = await fitImages(coopDetector(encoder, trained), [category("wood").train[0]], {
    className: "wood",
  });
  for (const { score, parts, map } of await scoreWith(fitted, category("wood").test)) {
    assert.ok(Math.abs(score - (parts.text + parts.visual) / 2) < 1e-7);
    assert.ok(Math.abs(Math.max(...map.values) - parts.visual) < 1e-7);
  }
});

test("vectors begin as words, and what does not fit is refused", async ({ device, folder }) => {
  using backbone = await textBackbone(device, folder);
  const store = new FeatureStore(backbone, await TensorCache.open(join(folder, "cache")));
  const data = await gatherData(store, [category("metal")], { shots: 1, seed: 0, withoutText: true });
  const out = join(folder, "words");
  const options = {
    ...OPTIONS,
    epochs: 1,
    steps: 1,
    folder: out,
    form: "state" as const,
    position: "front" as const,
  };
  const { file } = await trainContext(store, data, { ...options, words: "a photo of a" });
  using trained = await loadContext(file, device);
  assert.equal([trained.context.vectors.shape, trained.info.words], [[2, 4, 16], "a photo of a"]);
  await throwsCode(
    () => trainContext(store, data, { ...options, words: "a photo" }),
    "options",
    /2 tokens and there are 4/,
  );
  await throwsCode(
    () => trainContext(store, data, { ...options, count: 40 }),
    "options",
    /the text tower reads 40/,
  );
  await throwsCode(
    () => loadContext(join(folder, "clip-1.safetensors"), device),
    "weights",
    /holds no context/,
  );
  using other = await textBackbone(device, folder, 2);
  const detector = coopDetector(new Encoder(other, windowInput("coop", other, "raw")), trained);
  await throwsCode(
    () => fitImages(detector, [product("wood", 0, false)], { className: "wood" }),
    "weights",
    /trained with another text tower/,
  );
});

test.run();
