import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { holdFolder } from "../../src/output/folder.js";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

test("a folder is one run's at a time, and nothing is left in it", async () => {
  const out = path.join(folder, "out");
  {
    await using _ = await holdFolder(out);
    failsWith(await cli(["train", "--out", out]), /another run \(process \d+\) writes here/);
  }
  assert.equal(readdirSync(out), []);
  await using _ = await holdFolder(out);
  assert.ok(existsSync(path.join(out, ".inctrl.lock")));
});

test.run();
