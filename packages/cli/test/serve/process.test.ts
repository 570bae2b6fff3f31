import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { get, post } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../support/cli.js";
import { inProcess, makeLine } from "../support/service.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

test("SIGHUP looks again, and SIGTERM answers what is in and ends with 0", async () => {
  const line = await makeLine(folder, 8);
  const pictures = [...line.images, ...line.images, ...line.images].map((file) => readFileSync(file));
  let asked: Promise<string[]> | undefined;
  const run = await inProcess(line, async ({ served, child }) => {
    const { address } = served;
    assert.is((await get(served, "/readyz")).status, 200);
    rmSync(path.join(line.products, "metal.bank.safetensors"));
    await line.bank(path.join(line.products, "steel.bank.safetensors"), line.images[0]);
    child.kill("SIGHUP");
    while ((await get(served, "/v1/products/steel")).answer.state !== "serving")
      await new Promise((r) => setTimeout(r, 20));
    let answered = 0;
    asked = Promise.all(
      pictures.map(async (bytes, i) => {
        const { status, answer } = await post(served, `steel/score?part=${i}`, bytes);
        answered++;
        return `${status} ${answer.error?.code ?? answer.verdict}`;
      }),
    );
    // A connection whose request has not been seen may be closed.
    for (let seen = 0; seen + answered < pictures.length; ) {
      const metrics = await (await fetch(`${address}/metrics`)).text();
      seen = Number(/^inctrl_parts_in (\d+)/m.exec(metrics)?.[1]);
    }
    child.kill("SIGTERM");
  });
  assert.is(run.code, 0, run.stderr);
  const answers = await asked!;
  assert.equal(
    answers.filter((each) => !/^200 (OK|REVIEW|NG|null)$/.test(each)),
    [],
  );
  assert.match(run.stderr, /try: curl .*\/v1\/products\/metal\/score\?part=1/);
  assert.match(run.stderr, "product metal: its bank is gone");
  assert.not.match(run.stderr, "others on the network");
});

test.run();
