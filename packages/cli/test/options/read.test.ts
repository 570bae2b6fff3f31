import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PRETRAIN_OPTIONS } from "../../src/commands/pretrain.js";
import { TRAIN_OPTIONS } from "../../src/commands/train.js";
import { CliError } from "../../src/errors.js";
import { option } from "../../src/options/option.js";
import { readSettings } from "../../src/options/read.js";
import { oneOfNumbers, text } from "../../src/options/values.js";
import { forHeads } from "../../src/train/defaults.js";
import { temporaryFolder } from "../support/cli.js";

const { folder, remove } = temporaryFolder();
test.after(remove);

/** Settings of `train`, whose options are of every kind. */
const read = (given: Record<string, unknown>, config?: string) =>
  readSettings(TRAIN_OPTIONS, config === undefined ? given : { ...given, config });

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

test("a configuration file overrides the paper's defaults, and the command line overrides the file", async () => {
  const { shots, batch, weightDecay, epochs, steps, optimizer, loss, seed, text } = forHeads(await read({}));
  assert.equal(
    [shots, batch, weightDecay, epochs, steps, optimizer, loss, seed, text],
    [4, 48, 0.01, 10, 100, "adamw", "probability", 0, true],
  );
  const yaml = write(
    "run.yaml",
    "data: mvtec:somewhere\nshots: 8\nweight-decay: 0.05\nhold-out: [nut, wood]\ncache-limit: 1.5 GB\nclass:\n  pcb1: circuit board\n",
  );
  const fromFile = await read({ shots: 2 }, yaml);
  assert.equal([fromFile.shots, fromFile.weightDecay, fromFile.cacheLimit], [2, 0.05, 1.5e9]);
  assert.equal([fromFile.data, fromFile.holdOut], [["mvtec:somewhere"], ["nut", "wood"]]);
  assert.equal(fromFile.class, { pcb1: "circuit board" });
  const json = write("run.json", '{"blocks": [7, 9], "loss": "logits", "include-query": true}');
  const { blocks, loss: form, includeQuery } = await read({}, json);
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
    assert.is((await read({ cacheLimit: text })).cacheLimit, bytes);
  for (const text of ["", "lots", "-1GB", "1 PB", true, Number.NaN])
    await refused(read({ cacheLimit: text }), "--cache-limit: give a size, such as");
});

test("a wrong value is refused with its name, its place and what it may be", async () => {
  await refused(read({ shots: 0 }), "--shots: give a whole number, from 1 to 1000");
  await refused(read({ shots: Number.NaN }), "--shots: give a whole number");
  await refused(read({ lr: -1 }), "--lr: give a number, zero or more");
  await refused(read({ weightDecay: Number.NaN }), "--weight-decay: give a number");
  await refused(read({ optimizer: "lion" }), "--optimizer: give adamw, adam or sgd");
  await refused(read({ blocks: [7, Number.NaN] }), "--blocks: give whole numbers from 1 to 1000");
  const file = write("bad.yaml", "epochs: many\n");
  await refused(read({}, file), /bad\.yaml: epochs: give a whole number, from 1/);
});

test("unknown settings are refused with the nearest name, and unreadable files are refused", async () => {
  await refused(
    read({}, write("a.yaml", "weigth-decay: 1\n")),
    /no setting is called "weigth-decay"; did you mean "weight-decay"\?/,
  );
  await refused(read({}, write("b.json", '{"weightDecay": 1}')), /did you mean "weight-decay"/);
  await refused(read({}, write("c.yaml", "zzzzzzzzzzzz: 1\n")), /--help lists the names/);
  await refused(read({}, write("d.yaml", "__proto__: 1\n")), /no setting is called "__proto__"/);
  await refused(read({}, write("e.yaml", "a: [\n")), /cannot be read as JSON or YAML/);
  await refused(read({}, write("f.json", "{")), /cannot be read as JSON or YAML/);
  await refused(read({}, write("g.yaml", "shots: 1\nshots: 2\n")), /cannot be read as JSON or YAML/);
  for (const [name, text] of Object.entries({ "h.yaml": "", "i.yaml": "- 1\n", "j.json": '"text"' }))
    await refused(read({}, write(name, text)), /must hold names and values/);
  await refused(read({}, path.join(folder, "absent.yaml")), /no such file/);
  mkdirSync(path.join(folder, "k.yaml"));
  await refused(read({}, path.join(folder, "k.yaml")), /is no configuration file/);
  await refused(read({}, write("l.yaml", `seed: 1 #${"x".repeat(1e6)}\n`)), /is no configuration file/);
});

test("text of the command line is read like values of a file", async () => {
  const {
    shots,
    lr,
    holdOut,
    blocks,
    class: names,
  } = await read({
    ...{ shots: "8", lr: "1e-4", holdOut: "nut,wood", blocks: "7, 9" },
    class: ["pcb1=circuit board", "odd=a=b"],
  });
  assert.equal([shots, lr, holdOut, blocks], [8, 1e-4, ["nut", "wood"], [7, 9]]);
  assert.equal(names, { pcb1: "circuit board", odd: "a=b" });
  await refused(read({ class: ["pcb1"] }), "--class: give a category and its name, such as");
  await refused(read({ lr: "fast" }), "--lr: give a number, zero or more");
});

test("an earlier name of an option still works in a file, and the message uses the present one", async () => {
  const options = {
    symmetries: option("<N>", "how many", oneOfNumbers(1, 8).optional(), { aliases: ["turns"] }),
    config: option("<file>", "a file", text.optional(), { configFile: true }),
  };
  const config = write("old.yaml", "turns: 8\n");
  assert.equal((await readSettings(options, { config })).symmetries, 8);
  assert.equal((await readSettings(options, { config, symmetries: "1" })).symmetries, 1);
  await refused(
    readSettings(options, { config: write("odd.yaml", "turns: 4\n") }),
    "symmetries: give 1 or 8",
  );
  await refused(readSettings(options, { config: write("self.yaml", "config: x\n") }), "no setting is called");
});

test("impossible settings of pretrain are refused by name", async () => {
  const pretrain = (given: Record<string, unknown>) => readSettings(PRETRAIN_OPTIONS, given);
  const { batch, pool, out, minutes, resume } = await pretrain({ batch: 8 });
  assert.equal([batch, pool, out, minutes, resume], [8, 16381, "pretrain-out", undefined, false]);
  await refused(pretrain({ pool: 8 }), /^--pool: give a prime number/);
  await refused(pretrain({ group: 5 }), /^--group: give an even number/);
  await refused(pretrain({ batch: 1 }), /^--batch: give a whole number/);
  await refused(pretrain({ warmUp: -1 }), /^--warm-up: /);
});

test.run();
