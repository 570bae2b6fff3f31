import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);
const env = { INCTRL_CACHE: path.join(folder, "cache") };

test("CoOp's words are learned by the same command, and another run's checkpoint is refused", async () => {
  const coop = (name: string, ...more: string[]) =>
    cli(
      [
        ...["train", "--method", "coop", "--data", "procedural:3?size=64&train=2&good=1&bad=1"],
        ...["--category", "metal,wood", "--batch", "4", "--steps", "2"],
        ...["--out", path.join(folder, name), ...more],
      ],
      { env },
    );
  const whole = await coop("coop", "--epochs", "2", "--set", "context=4");
  assert.is(whole.code, 0, whole.stderr);
  assert.match(whole.stdout, "--method coop --heads ");
  failsWith(await coop("coop", "--resume", "--set", "context=5"), "belongs to a run with another options");
  failsWith(await coop("odd", "--set", "context=0"), "give a whole number from 1");
  const metrics = readFileSync(path.join(folder, "coop", "metrics.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  assert.is(JSON.parse(metrics[3]).lr, 0.002);
});

test.run();
