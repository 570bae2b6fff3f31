import { readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { get, post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT, temporaryFolder, warnings } from "../support/cli.js";
import { inProcess, makeLine } from "../support/service.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

const LOSE = pathToFileURL(path.join(ROOT, "packages/cli/test/support/lose-device.mjs")).href;

test("a process whose device is lost a fourth time within an hour ends with 1 and a word, and no answer is OK meanwhile", async () => {
  const line = await makeLine(folder, 6);
  const picture = readFileSync(line.images[1]);
  const run = await inProcess(
    line,
    async ({ served, child, stderr }) => {
      const ask = (part: string) => post(served, `metal/score?part=${part}`, picture);
      const { answer: first } = await ask("first");
      for (let loss = 1; loss <= 4; loss++) {
        child.kill("SIGUSR2");
        await until(() => stderr().split("is destroyed").length === loss + 1, "the device is destroyed");
        const last = loss === 4;
        for (const { status, answer, headers } of await Promise.all(
          ["a", "b", "c"].map((i) => ask(i + loss)),
        )) {
          const { code } = answer.error;
          assert.equal([status, answer.verdict, answer.score], [503, "ERROR", undefined]);
          assert.ok(code === "device" || (last && code === "closed"), code);
          if (code === "device") assert.is(headers.get("retry-after"), "5");
        }
        if (last) break;
        await until(async () => (await get(served, "/readyz")).status === 200, "it is open again");
        const again = await ask(`again-${loss}`);
        assert.equal([again.status, again.answer.score], [200, first.score]);
      }
    },
    { args: ["--host", "0.0.0.0", "--no-token-file"], env: { NODE_OPTIONS: `--import ${LOSE}` } },
  );
  assert.is(run.code, 1, run.stderr);
  assert.match(
    run.stderr,
    /others on the network reach it too, at this machine's address \(--host 0\.0\.0\.0\)/,
  );
  assert.match(run.stderr, /the device is open again \(3 of 3 times\)/);
  assert.equal(
    warnings(run).at(-1),
    "inctrl: the device was lost 4 times within an hour; check its driver and its power",
  );
});

test.run();
