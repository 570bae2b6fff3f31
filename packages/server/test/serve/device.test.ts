import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { TensorError } from "@inctrl/tensor";
import { get, metric, post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FakeService, fakeService, startFailure } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-server-"));
test.after(() => rmSync(folder, { recursive: true }));
const gray = (shade: number) => encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(shade) });
const lost = () => new TensorError("device-lost", "the GPU device was lost (a test); open a new device");
const isTest = ([{ id }]: readonly { id: string }[]) => id === "self-test";

test("a device is opened again three times; the fourth loss ends the service, and no answer is OK meanwhile", async () => {
  const fake: FakeService = {};
  await using served = await fakeService(folder, fake);
  let ended: unknown;
  served.failed.catch((error) => {
    ended = error;
  });
  for (let loss = 1; loss <= 4; loss++) {
    fake.before = () => {
      delete fake.before;
      throw lost();
    };
    const { status, answer, headers } = await post(served, "a/score?part=x", gray(loss));
    assert.equal([status, answer.verdict, answer.error.code], [503, "ERROR", "device"]);
    assert.is(headers.get("retry-after"), "5");
    await until(() => served.service.state !== "reopening", "it is open again, or given up");
    if (loss === 4) break;
    assert.is((await get(served, "/readyz")).status, 200);
    const again = await post(served, `a/score?part=${loss}`, gray(1));
    assert.is(again.answer.verdict, "OK", JSON.stringify(again.answer));
  }
  assert.equal([fake.opened, await metric(served, "inctrl_device_losses_total")], [4, 4]);
  for (const where of ["/readyz", "/v2/health/ready"]) assert.is((await get(served, where)).status, 503);
  const after = await post(served, "a/score", gray(1));
  assert.equal([after.status, after.answer.verdict], [503, "ERROR"]);
  assert.match(String(ended), /lost 4 times within an hour/);
});

test("a device that cannot be opened again counts each time", async () => {
  const fake: FakeService = {};
  await using served = await fakeService(folder, fake);
  const ended = served.failed.catch((error) => error);
  fake.refuse = new Error("no adapter");
  fake.before = () => {
    throw lost();
  };
  assert.is((await post(served, "a/score", gray(1))).status, 503);
  assert.match(String(await ended), /lost 4 times/);
});

test("a device that is lost again while the banks are opened is opened once more", async () => {
  const fake: FakeService = {};
  await using served = await fakeService(folder, fake);
  let times = 0;
  fake.before = () => {
    times++;
    if (times <= 2) throw lost();
  };
  assert.is((await post(served, "a/score", gray(1))).status, 503);
  await until(() => served.service.state === "ready", "it is open again");
  const again = await post(served, "a/score", gray(1));
  assert.is(again.answer.verdict, "OK", JSON.stringify([again.answer, served.lines]));
  assert.equal([fake.opened, await metric(served, "inctrl_device_losses_total")], [3, 2]);
});

test("a device that gives nothing counts as lost, and what waits is told", async () => {
  const fake: FakeService = {};
  await using served = await fakeService(folder, fake, { stallMs: 100 });
  fake.before = (batch) => {
    if (isTest(batch)) return;
    delete fake.before;
    return new Promise(() => {});
  };
  const both = await Promise.all(["a", "b"].map((name) => post(served, `${name}/score?part=1`, gray(1))));
  for (const { status, answer } of both) assert.equal([status, answer.verdict], [503, "ERROR"]);
  await until(() => served.service.state === "ready", "it is open again");
  assert.is((await post(served, "a/score?part=1", gray(1))).answer.verdict, "OK");
});

test("a score that is not finite is an ERROR of ours, and so is a failure of the scoring; the service goes on", async () => {
  const fake: FakeService = {};
  await using served = await fakeService(folder, fake);
  fake.score = () => Number.NaN;
  const nan = await post(served, "a/score?part=1", gray(1));
  assert.equal(
    [nan.status, nan.answer.verdict, nan.answer.score, nan.answer.error.code],
    [500, "ERROR", null, "score"],
  );
  delete fake.score;
  fake.before = () => {
    throw new Error("a secret of ours");
  };
  const failed = await post(served, "a/score?part=1", gray(1));
  assert.equal([failed.status, failed.answer.verdict, failed.answer.error.code], [500, "ERROR", "internal"]);
  assert.not.match(JSON.stringify(failed.answer), "secret");
  assert.ok(served.lines.some((line) => line.includes("a secret of ours")));
  delete fake.before;
  assert.is((await post(served, "a/score?part=1", gray(1))).answer.verdict, "OK");
  assert.is(await metric(served, "inctrl_device_losses_total"), 0);
});

test("a bank whose picture scores two ways is refused by its self-test", async () => {
  let calls = 0;
  const error = await startFailure(folder, { score: () => calls++ });
  assert.is(error?.code, "products");
  assert.match(error.message, /a drawn picture scores 0, 1, 2, 3, not four times the same/);
});

test("images of a product share batches under load, and another product has its turn", async () => {
  const batches: string[][] = [];
  let begin = () => {};
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const fake: FakeService = {
    async before(batch) {
      if (isTest(batch)) return;
      batches.push(batch.map(({ id }) => id));
      await begun;
    },
  };
  await using served = await fakeService(folder, fake, {
    admission: { requests: 100, bytes: 1e6 },
    timeoutMs: 20_000,
  });
  let done = 0;
  const ask = async (name: string, part: string) => {
    const { answer } = await post(served, `${name}/score?part=${part}`, gray(50));
    done++;
    return { verdict: answer.verdict, at: done };
  };
  const many = Array.from({ length: 80 }, (_, i) => ask("a", `a${i}`));
  await until(() => batches.length > 0, "the first batch is at work");
  const last = ask("b", "b");
  await until(() => served.room.requests === 81, "all are in");
  begin();
  const other = await last;
  const answers = await Promise.all(many);
  assert.ok(answers.every(({ verdict }) => verdict === "OK"));
  // 32 are a turn, and some of the next are answered at about the same time.
  assert.ok(other.at <= 60, `b came ${other.at}th of 81`);
  assert.ok(
    batches.filter((batch) => batch.length === 4).length >= 15,
    JSON.stringify(batches.map(({ length }) => length)),
  );
});

test.run();
