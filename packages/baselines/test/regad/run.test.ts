import { join } from "node:path";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { RegistrationBackbone } from "../../src/regad/backbone.js";
import { batchesOf } from "../../src/regad/batches.js";
import { regadMethod } from "../../src/regad/method.js";
import { TRUNK } from "../../src/regad/network.js";
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

test("the loss falls, the last epoch has rate 0, and the file opens as a backbone", async ({
  device,
  folder,
}) => {
  using backbone = await randomResNet(device, TRUNK, 0);
  const training: RegistrationTraining = {
    ...{ mode: "rotation_scale", side: 32, shots: 1, batch: 2, lr: 0.05, epochs: 2, seed: 0 },
  };
  const wood = category("wood");
  const job = {
    backbone,
    categories: [{ ...wood, train: wood.train.slice(0, 2) }],
    folder: join(folder, "run"),
  };
  const { file, finished, losses } = await trainRegistration({ ...job, resume: false }, training);
  assert.ok(finished);
  assert.equal(
    losses.map(({ lr }) => lr),
    [0.025, 0],
  );
  assert.ok(losses[1].loss < losses[0].loss, `${losses.map(({ loss }) => loss)}`);

  using trained = await openNetwork(device, file);
  assert.instance(trained, RegistrationBackbone);
  assert.equal(trained.defaultTaps, regadMethod.input!(trained, {}).taps!.slice(2));
});

test.run();
