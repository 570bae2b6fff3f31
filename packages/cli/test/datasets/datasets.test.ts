import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { writeProceduralSet } from "@inctrl/synth";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, ROOT, temporaryFolder, warnings } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
const products = path.join(folder, "products");
const out = path.join(folder, "out");
const broken = path.join(products, "nut/train/good/bro\nken.png");
const SMALL = { classes: ["nut", "wood"], size: 16, train: 2, testGood: 1, testBad: 2 } as const;
test.before(async () => {
  await writeProceduralSet(products, SMALL);
});
test.after(remove);

test("the formats are listed with their options", async () => {
  const [text, json] = await Promise.all([cli(["datasets"]), cli(["datasets", "--json"])]);
  assert.equal([text.code, json.code], [0, 0]);
  for (const form of ["mvtec:DIR", "elpv:DIR", "json:FILES", "procedural:SEED"])
    assert.match(text.stdout, form);
  const { forms } = JSON.parse(json.stdout);
  assert.equal(Object.keys(forms.find((form: { name: string }) => form.name === "mnist").options), [
    "protocol",
  ]);
});

test("inspect prints every category, names unreadable files and exits with 2", async () => {
  writeFileSync(broken, "damaged");
  const [text, json] = await Promise.all([
    cli(["datasets", "inspect", `mvtec:${products}`]),
    cli(["datasets", "inspect", `folder:${products}/nut`, "--json"]),
  ]);
  assert.equal([text.code, json.code], [2, 2]);
  assert.match(
    text.stdout,
    /^mvtec: 2 categories\n\nnut\n {2}train +3 normal\n {2}test +1 normal, 2 anomalous\n/,
  );
  assert.match(text.stdout, / {2}masks +2 of 2 anomalous images\n {2}duplicates +none\n/);
  assert.match(text.stdout, /unreadable \(1\):\n {4}.*bro\\nken\.png: .*text file/);
  const [nut] = JSON.parse(json.stdout).categories;
  assert.equal(
    [nut.train, nut.unreadable[0].id],
    [{ normal: 3, anomalous: 0 }, "nut/train/good/bro\nken.png"],
  );
});

test("export writes every readable image, and inspect reads the result", async () => {
  const exported = await cli(["datasets", "export", `folder:${products}`, out]);
  assert.is(exported.code, 2, exported.stderr);
  assert.is(exported.stdout, `${out}: 10 images and 4 masks of 2 categories\n`);
  assert.is(warnings(exported).length, 1);
  const again = await cli(["datasets", "inspect", `folder:${out}`, "--json"]);
  assert.is(again.code, 0, again.stderr);
  const sizes = JSON.parse(again.stdout).categories.map(({ name, train, test: tests, masks }: never) => {
    return [name, train, tests, (masks as { present: number }).present];
  });
  const want = [{ normal: 2, anomalous: 0 }, { normal: 1, anomalous: 2 }, 2];
  assert.equal(sizes, [
    ["nut", ...want],
    ["wood", ...want],
  ]);
  failsWith(
    await cli(["datasets", "export", `folder:${products}`, out]),
    "there are files in it",
    "new or empty",
  );
});

test("Ctrl-C stops and leaves nothing behind", async () => {
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  const args = ["datasets", "export", "procedural:1?bad=5000", path.join(folder, "stopped")];
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
    cwd: ROOT,
    stdio: "ignore",
  });
  let code: number | null | undefined;
  const ended = once(child, "exit").then(([exitCode]) => {
    code = exitCode;
  });
  const partial = () => readdirSync(folder).filter((name) => /stopped|\.tmp$/.test(name));
  while (partial().length === 0 && code === undefined) await setTimeout(20);
  assert.is(partial().length, 1, "it has begun to write");
  child.kill("SIGINT");
  await ended;
  assert.is(code, 130);
  assert.equal(partial(), []);
});

test("unknown data sets are refused in one line", async () => {
  const inspect = (spec: string) => cli(["datasets", "inspect", spec]);
  const [mistyped, wrong] = await Promise.all([inspect("mvtek:x"), inspect(`elpv:${products}`)]);
  failsWith(mistyped, 'did you mean "mvtec"');
  failsWith(wrong, "no labels.csv beside a folder images", "ELPV is laid out as images/*.png");
});

test.run();
