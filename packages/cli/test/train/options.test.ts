import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CliError } from "../../src/errors.js";
import { readSettings } from "../../src/train/options.js";
import { temporaryFolder } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

const write = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

async function refused(job: Promise<unknown>, ...words: (string | RegExp)[]): Promise<void> {
  const error = await job.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.instance(error, CliError);
  for (const word of words) assert.match((error as Error).message, word);
  assert.not.match((error as Error).message, "\n");
}

test("defaults are the paper's; a file comes before them, and the command line before the file", async () => {
  const { shots, batch, lr, weightDecay, epochs, steps, optimizer, loss, seed, text } = await readSettings(
    {},
  );
  assert.equal(
    [shots, batch, lr, weightDecay, epochs, steps, optimizer, loss, seed, text],
    [4, 48, 1e-3, 0.01, 10, 100, "adamw", "probability", 0, true],
  );
  const yaml = write(
    "run.yaml",
    "data: mvtec:somewhere\nshots: 8\nweight-decay: 0.05\nhold-out: [nut, wood]\ncache-limit: 1.5 GB\nclass:\n  pcb1: circuit board\n",
  );
  const fromFile = await readSettings({ shots: 2 }, yaml);
  assert.equal([fromFile.shots, fromFile.weightDecay, fromFile.cacheLimit], [2, 0.05, 1.5e9]);
  assert.equal([fromFile.data, fromFile.holdOut], [["mvtec:somewhere"], ["nut", "wood"]]);
  assert.equal(fromFile.class, { pcb1: "circuit board" });
  const json = write("run.json", '{"blocks": [7, 9], "loss": "logits", "include-query": true}');
  const { blocks, loss: form, includeQuery } = await readSettings({}, json);
  assert.equal([blocks, form, includeQuery], [[7, 9], "logits", true]);
});

test("sizes are read as people write them", async () => {
  for (const [text, bytes] of [
    ["500MB", 5e8],
    ["20gb", 2e10],
    ["1.5 TB", 1.5e12],
    ["123", 123],
    [4096, 4096],
  ] as const)
    assert.is((await readSettings({ cacheLimit: text })).cacheLimit, bytes);
  for (const text of ["", "lots", "-1GB", "1 PB", true, Number.NaN])
    await refused(readSettings({ cacheLimit: text }), "--cache-limit: give a size, such as");
});

test("what is wrong is named, with where it stands and what it may be", async () => {
  await refused(readSettings({ shots: 0 }), "--shots: give a whole number, from 1 to 1000");
  await refused(readSettings({ shots: Number.NaN }), "--shots: give a whole number");
  await refused(readSettings({ lr: -1 }), "--lr: give a number, zero or more");
  await refused(readSettings({ weightDecay: Number.NaN }), "--weight-decay: give a number");
  await refused(readSettings({ optimizer: "lion" }), "--optimizer: give adamw or adam or sgd");
  await refused(readSettings({ blocks: [7, Number.NaN] }), "--blocks: give a whole number");
  const file = write("bad.yaml", "epochs: many\n");
  await refused(readSettings({}, file), /bad\.yaml: epochs: give a whole number, from 1/);
});

test("unknown settings are refused with the nearest name, and files that are no settings too", async () => {
  await refused(
    readSettings({}, write("a.yaml", "weigth-decay: 1\n")),
    /no setting is called "weigth-decay"; did you mean "weight-decay"\?/,
  );
  await refused(readSettings({}, write("b.json", '{"weightDecay": 1}')), /did you mean "weight-decay"/);
  await refused(readSettings({}, write("c.yaml", "zzzzzzzzzzzz: 1\n")), /--help lists the names/);
  await refused(readSettings({}, write("d.yaml", "__proto__: 1\n")), /no setting is called "__proto__"/);
  await refused(readSettings({}, write("e.yaml", "a: [\n")), /cannot be read as JSON or YAML/);
  await refused(readSettings({}, write("f.json", "{")), /cannot be read as JSON or YAML/);
  await refused(readSettings({}, write("g.yaml", "shots: 1\nshots: 2\n")), /cannot be read as JSON or YAML/);
  for (const [name, text] of Object.entries({ "h.yaml": "", "i.yaml": "- 1\n", "j.json": '"text"' }))
    await refused(readSettings({}, write(name, text)), /must hold names and values/);
  await refused(readSettings({}, path.join(folder, "absent.yaml")), /no such file/);
  mkdirSync(path.join(folder, "k.yaml"));
  await refused(readSettings({}, path.join(folder, "k.yaml")), /is no config file/);
  await refused(readSettings({}, write("l.yaml", `seed: 1 #${"x".repeat(1e6)}\n`)), /is no config file/);
});

test.run();
