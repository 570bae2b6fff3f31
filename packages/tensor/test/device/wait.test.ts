import { test } from "uvu";
import * as assert from "uvu/assert";
import { needsWaiter, Waiter } from "../../src/device/wait.js";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Turns of the event loop until a promise is settled, kept from resting as Dawn does it. */
async function turnsDuring(promise: Promise<unknown>): Promise<number> {
  let open = true;
  promise.then(
    () => {
      open = false;
    },
    () => {
      open = false;
    },
  );
  let turns = 0;
  while (open) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return turns;
}

test("the event loop rests while something is waited for, and no longer", async () => {
  const waiter = new Waiter();
  // A turn lasts 2 ms in the end, and is shorter in the first 32 ms.
  assert.ok((await turnsDuring(waiter.wait(sleep(200)))) < 400);
  assert.ok((await turnsDuring(sleep(200))) > 400);
});

test("one wait after another does not make the next one sleep longer", async () => {
  const waiter = new Waiter();
  for (let i = 0; i < 20; i++) await waiter.wait(sleep(5));
  // About 110 turns of at most 2 ms; twenty sleepers at once would leave 5.
  assert.ok((await turnsDuring(waiter.wait(sleep(200)))) > 20);
});

test("values and errors pass through, several at a time", async () => {
  const waiter = new Waiter();
  const failing = waiter.wait(sleep(5).then(() => Promise.reject(new Error("lost"))));
  const [three, error, four] = await Promise.all([
    waiter.wait(sleep(1).then(() => 3)),
    failing.catch((reason: Error) => reason.message),
    waiter.wait(Promise.resolve(4)),
  ]);
  assert.equal([three, error, four], [3, "lost", 4]);
  assert.ok((await turnsDuring(sleep(200))) > 400);
});

test("only software adapters need it", () => {
  assert.is(needsWaiter(true), true);
  assert.is(needsWaiter(false), false);
});

test.run();
