import { cpSync, existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { TrainJob } from "@inctrl/detect";
import { throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { RegistrationBackbone } from "../../src/regad/backbone.js";
import { batchesOf, checkBatches } from "../../src/regad/batches.js";
import { regadMethod } from "../../src/regad/method.js";
import { type RegistrationTraining, trainRegistration } from "../../src/regad/run.js";
import { randomResNet } from "../../src/resnet/backbone.js";
import { openNetwork } from "../../src/resnet/open.js";
import { category } from "../coop/support.js";

const test = deviceTests("RegAD's training");

test("an epoch takes each image once, with others of its category", () => {
  const counts = [5, 2];
  const batches = batchesOf(counts, { batch: 2, shots: 3, seed: 1 }, 0);
  assert.is(batches.length, 4);
  for (const [c, count] of counts.entries()) {
    const own = batches.filter(({ category }) => category === c);
    const queries = own.flatMap(({ queries }) => queries);
    assert.equal(
      queries.toSorted(),
      Array.from({ length: count }, (_, i) => i),
    );
    for (const [i, drawn] of own.flatMap(({ supports }) => supports).entries())
      assert.ok(drawn.length === 3 && drawn.every((each) => each < count && each !== queries[i]));
  }
  assert.not.equal(batchesOf(counts, { batch: 2, shots: 3, seed: 1 }, 1), batches);
});

/** A ResNet of the form that is trained, as small as it goes. */
const SMALL = { name: "small", blocks: [1, 1, 1], bottleneck: null };

test("a batch of one image is refused before the first step where a norm would see one value", async ({
  device,
  folder,
}) => {
  using backbone = await randomResNet(device, SMALL, 0);
  const wood = category("wood");
  const run = (train: typeof wood.train, more: Partial<RegistrationTraining>) =>
    trainRegistration(
      { backbone, folder: join(folder, "small"), resume: false, categories: [{ ...wood, train }] },
      {
        ...{ mode: "rotation_scale", side: 32, shots: 1, batch: 2, lr: 0.05, epochs: 1, seed: 0, ...more },
      },
    );
  await throwsCode(() => run(wood.train, {}), "training", /wood has 3 .* take a batch of 3, or more than 32/);
  await throwsCode(() => run(wood.train, { batch: 1 }), "training", /take a batch of 3/);
  await throwsCode(() => run(wood.train.slice(0, 1), {}), "shots", /wood has 1 normal/);
  assert.not.ok(existsSync(join(folder, "small")), "nothing is written");
  // 33 pixels are the fewest of which a batch of one is trained.
  const { losses } = await run(wood.train, { side: 33 });
  assert.is(losses.length, 2);
  assert.not.throws(() => checkBatches(["wood", "metal"], [4, 6], { batch: 2, side: 32 }));
});

test("the loss falls, what is held out is judged, a killed run resumes to the same bytes, and its file is a backbone", async ({
  device,
  folder,
}) => {
  using backbone = await randomResNet(device, SMALL, 0);
  const training: RegistrationTraining = {
    ...{ mode: "rotation_scale", side: 32, shots: 1, batch: 2, lr: 0.05, epochs: 2, seed: 0 },
  };
  const [wood, metal] = [category("wood"), category("metal")];
  const [own, killed] = [join(folder, "run"), join(folder, "killed")];
  const run = (more: Partial<TrainJob> = {}) =>
    trainRegistration(
      {
        ...{ backbone, folder: own, resume: false, holdOut: ["metal"] },
        ...{ categories: [{ ...wood, train: wood.train.slice(0, 2) }, metal], ...more },
      },
      training,
    );
  // What is there after the second step is what a run leaves that is killed then.
  const onStep = (step: number) => void (step === 2 && cpSync(own, killed, { recursive: true }));
  const { file, best, finished, losses, epochs } = await run({ onStep });
  assert.ok(finished);
  assert.equal(
    losses.map(({ lr }) => lr),
    [0.025, 0],
  );
  assert.ok(losses[1].loss < losses[0].loss, `${losses.map(({ loss }) => loss)}`);
  for (const { hold_out, mean_auroc } of epochs) {
    assert.ok(mean_auroc !== null && mean_auroc >= 0 && mean_auroc <= 1);
    assert.equal(hold_out, { metal: { auroc: mean_auroc } });
  }
  assert.ok((await run({ folder: killed, resume: true })).finished);
  for (const path of [file, best!, join(own, "checkpoint.safetensors")])
    assert.ok(readFileSync(join(killed, basename(path))).equals(readFileSync(path)), path);

  using trained = await openNetwork(device, file);
  assert.instance(trained, RegistrationBackbone);
  assert.equal(trained.defaultTaps, regadMethod.input!(trained, {}).taps!.slice(2));
  await throwsCode(() => run({ holdOut: ["glass"] }), "training", /no such category; choose of wood, metal/);
});

test.run();
