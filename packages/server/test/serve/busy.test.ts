import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { get, post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { fakeService } from "../support/fake.js";

const folder = mkdtempSync(path.join(tmpdir(), "inctrl-server-"));
test.after(() => rmSync(folder, { recursive: true }));
const picture = encodePng({ width: 8, height: 8, data: new Uint8Array(192).fill(50) });

/** Keeps the event loop late, without using the processor, until it is told to stop. */
function late(ms: number): () => void {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  let goes = true;
  const hold = () => {
    if (!goes) return;
    Atomics.wait(cell, 0, 0, ms);
    setImmediate(hold);
  };
  hold();
  return () => {
    goes = false;
  };
}

test("while the event loop is late, verdicts are refused as busy and health is told; afterwards it serves again", async () => {
  await using served = await fakeService(folder, {}, { pressure: { delayMs: 200, sampleMs: 600 } });
  assert.is((await post(served, "a/score?part=1", picture)).status, 200);
  const stop = late(300);
  try {
    await until(async () => (await post(served, "a/score?part=2", picture)).status !== 200, "it is busy");
    const { status, answer, headers } = await post(served, "a/score?part=2", picture);
    assert.equal([status, answer.verdict, answer.error.code], [503, "ERROR", "busy"]);
    assert.equal(
      [headers.get("retry-after"), answer.error.message],
      ["5", "the machine is overloaded; try again soon"],
    );
    for (const where of ["/livez", "/v2/health/live"])
      assert.is((await get(served, where)).status, 200, where);
    // Who watches it wants to know most of all now.
    assert.is((await fetch(`${served.address}/metrics`)).status, 200);
    const ready = await get(served, "/readyz");
    assert.equal([ready.status, ready.answer.error.code], [503, "busy"]);
    assert.is(served.room.requests, 0, "what is refused holds no room");
  } finally {
    stop();
  }
  await until(async () => (await post(served, "a/score?part=2", picture)).status === 200, "it serves again");
});

test.run();
