import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { Served } from "@inctrl/server/serve";
import { get, post, until } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../support/cli.js";
import { type Line, makeLine, startQuietly } from "../support/service.js";

const { folder, remove } = temporaryFolder();
let line: Line;
let served: Served;
const bankFile = (name: string) => path.join(line.products, `${name}.bank.safetensors`);
test.before(async () => {
  line = await makeLine(folder);
  await line.bank(path.join(folder, "other.bank.safetensors"), line.images[6], line.images[8]);
  served = await startQuietly(line);
});
test.after(async () => {
  await served?.close();
  remove();
});

const picture = (i: number) => readFileSync(line.images[i]);
const stateOf = async (name: string) => (await get(served, `/v1/products/${name}`)).answer;

test("a bank that changes is served without a request dropped, each answered by one bank or the other", async () => {
  const [before, after] = [(await stateOf("metal")).ids.bank, "other"];
  const answers: { status: number; bank: string; score: number }[] = [];
  let running = true;
  const client = async (who: number) => {
    for (let i = 0; running; i++) {
      const { status, answer } = await post(served, `metal/score?part=${who}-${i}`, picture(7));
      answers.push({ status, bank: answer.ids?.bank, score: answer.score });
    }
  };
  const clients = [0, 1, 2].map(client);
  try {
    await until(() => answers.length > 6, "requests are answered");
    copyFileSync(path.join(folder, `${after}.bank.safetensors`), path.join(line.products, ".new"));
    renameSync(path.join(line.products, ".new"), bankFile("metal"));
    await until(async () => (await stateOf("metal")).ids.bank !== before, "the new bank is served");
    const count = answers.length;
    await until(() => answers.length > count + 6, "the new bank answers");
  } finally {
    running = false;
    await Promise.all(clients);
  }
  assert.ok(answers.every(({ status }) => status === 200));
  const scores = new Map<string, Set<number>>();
  for (const { bank, score } of answers) scores.set(bank, (scores.get(bank) ?? new Set()).add(score));
  assert.is(scores.size, 2, "both banks answered");
  for (const each of scores.values()) assert.is(each.size, 1, "a bank always says the same");
  assert.is(new Set([...scores.values()].map((each) => [...each][0])).size, 2);
});

test("the same part under a new bank is scored again", async () => {
  const first = (await post(served, "metal/score?part=again", picture(9))).answer;
  copyFileSync(bankFile("metal"), path.join(folder, "kept"));
  await line.bank(path.join(folder, "third.bank.safetensors"), line.images[10]);
  copyFileSync(path.join(folder, "third.bank.safetensors"), bankFile("metal"));
  await served.reload();
  const second = (await post(served, "metal/score?part=again", picture(9))).answer;
  assert.is.not(first.ids.bank, second.ids.bank);
  assert.is.not(first.score, second.score);
  assert.equal((await get(served, "/v1/products/metal/parts/again")).answer, second);
});

test("a file that is no bank is told, and what was served before goes on", async () => {
  writeFileSync(bankFile("wood"), "not a bank");
  await served.reload();
  const wood = await stateOf("wood");
  assert.is(wood.state, "error");
  assert.match(wood.problem, /wood\.bank\.safetensors/);
  const asked = await post(served, "wood/score", picture(1));
  assert.equal([asked.status, asked.answer.verdict, asked.answer.error.code], [503, "ERROR", "product"]);
  const bank = readFileSync(bankFile("metal"));
  writeFileSync(bankFile("metal"), bank.subarray(0, bank.length / 2));
  await served.reload();
  const metal = await stateOf("metal");
  assert.is(metal.state, "serving");
  assert.ok(metal.problem);
  assert.is((await post(served, "metal/score", picture(1))).status, 200);
  writeFileSync(bankFile("metal"), bank);
  await served.reload();
  assert.is((await stateOf("metal")).problem, null);
});

test("a new file is served, and one that is gone no longer", async () => {
  copyFileSync(path.join(folder, "other.bank.safetensors"), bankFile("brass ring"));
  await until(async () => (await stateOf("brass%20ring")).state === "serving", "it is found");
  assert.is((await post(served, "brass%20ring/score", picture(1))).status, 200);
  rmSync(bankFile("brass ring"));
  rmSync(bankFile("wood"));
  await until(async () => (await get(served, "/v1/products/brass%20ring")).status === 404, "it is gone");
  assert.equal((await get(served, "/readyz")).answer.products, [{ name: "metal", state: "serving" }]);
});

test.run();
