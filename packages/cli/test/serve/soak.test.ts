import { test } from "uvu";
import * as assert from "uvu/assert";
import { soak } from "./soak.js";

test("a few seconds of a soak: nothing is answered wrongly or lost while clients leave and send rubbish", async () => {
  const { faults, answers, exitCode } = await soak({ seconds: 3, rate: 30 });
  assert.equal(faults, []);
  assert.ok(answers.whole >= 5, JSON.stringify(answers));
  assert.is(exitCode, 0);
});

test.run();
