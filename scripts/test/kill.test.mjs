import { test } from "uvu";
import * as assert from "uvu/assert";
import { killRuns } from "../testing/kill.mjs";

test("runs that are killed end with the same files when they are run again, and leave nothing behind", async () => {
  assert.equal(await killRuns(2), []);
});

test.run();
