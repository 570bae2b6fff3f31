import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { TensorError } from "@inctrl/tensor";
import { get, metric, post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Served } from "../../src/serve/index.js";
import { type FakeService, fakeService, HINT } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-server-"));
test.after(() => rmSync(folder, { recursive: true }));

/** A gray picture whose corner tells it from others. */
function picture(number: number, shade: number): Uint8Array {
  const data = new Uint8Array(192).fill(shade);
  data[0] = number;
  return encodePng({ width: 8, height: 8, data });
}

/** Shades whose scores lie where those of good parts do: 0.1 to 0.5. */
const steady = (number: number) => picture(number, 26 + ((number * 37) % 101));

/** Posts parts of product a, with numbers from one on to before another. */
async function parts(served: Served, from: number, to: number, image: (number: number) => Uint8Array) {
  for (let number = from; number < to; number++)
    assert.is((await post(served, `a/score?part=${number}`, image(number))).status, 200);
}

const alarms = (served: Served, product: string) =>
  Promise.all(
    ["light", "camera", "product"].map((kind) =>
      metric(served, `inctrl_drift_alarm{product="${product}",kind="${kind}"}`),
    ),
  );
const seen = (served: Served, product = "a") => metric(served, `inctrl_drift_parts{product="${product}"}`);
const drift = async (served: Served) => (await get(served, "/v1/products/a")).answer.drift;

test("steady parts raise nothing, shifted scores raise product once, and another bank begins anew", async () => {
  const fake: FakeService = {};
  const proposal = (product: string, bank: string) => `calibrate ${product} in ${path.basename(bank)}`;
  await using served = await fakeService(folder, fake, { proposal });
  await parts(served, 0, 120, steady);
  // A part that is asked for again, and the same picture under another id, count once.
  await parts(served, 0, 2, steady);
  await post(served, "a/score", steady(3));
  assert.equal([await seen(served), await seen(served, "b")], [120, 0]);
  assert.equal(await alarms(served, "a"), [0, 0, 0]);
  // The line of these tests is as of a version that kept no facts of images.
  assert.match(
    await drift(served),
    /^no drift: 120 parts since the bank was opened; it is followed by scores alone, .*; calibrate it again$/,
  );
  const told = () => served.lines.filter((line) => line.includes("drift"));
  assert.equal(told(), []);

  await parts(served, 120, 200, (number) => picture(number, 200));
  assert.equal(
    [await seen(served), await alarms(served, "a"), await alarms(served, "b")],
    [200, [0, 0, 1], [0, 0, 0]],
  );
  assert.match(
    await drift(served),
    /^drift \(product\): the parts have changed; .*% of the last parts above/,
  );
  const score = (name: string, product = "a") =>
    metric(served, `inctrl_drift_${name}{product="${product}",quantity="score"}`);
  assert.is(await score("moved"), 1);
  assert.ok((await score("shift")) > 2);
  assert.is(told().length, 1, told().join("\n"));
  assert.match(told()[0], /^product a: drift \(product\): .*; calibrate a in a\.bank\.safetensors$/);

  // Another device is the same line.
  fake.before = () => {
    delete fake.before;
    throw new TensorError("device-lost", "the GPU device was lost (a test); open a new device");
  };
  assert.is((await post(served, "a/score?part=lost", picture(1, 1))).status, 503);
  await until(() => served.service.state === "ready", "it is open again");
  assert.equal([await seen(served), await alarms(served, "a")], [200, [0, 0, 1]]);

  writeFileSync(path.join(folder, "products/a.bank.safetensors"), "another bank");
  await served.reload();
  assert.equal([await seen(served), await alarms(served, "a")], [0, [0, 0, 0]]);
  await parts(served, 0, 1, steady);
  assert.is(await seen(served), 1);
});

test("a product whose good parts are unknown, or are its prompts alone, is not followed", async () => {
  for (const judge of [null, HINT]) {
    await using served = await fakeService(folder, { judge });
    await parts(served, 0, 1, steady);
    assert.is(await drift(served), null);
    const text = await (await fetch(`${served.address}/metrics`)).text();
    assert.not.match(text, /^inctrl_drift_\w+\{/m);
  }
});

test.run();
