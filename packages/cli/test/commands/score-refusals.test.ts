import { mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, spawnCli, temporaryFolder, warnings } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

// Each refusal is one line that says what is wrong and how to mend it, with exit code 1, no output and no partial file.

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
const good = path.join(folder, "good");
const empty = path.join(folder, "empty");
const text = path.join(folder, "text.png");
const parts = path.join(folder, "parts");
writeImages(good, 3);
writeImages(parts, 2, 3);
mkdirSync(empty);
writeFileSync(text, "no image at all");

test.before(() => writeModel(backbone));
test.after(remove);

const score = (...args: string[]) => cli(["score", "--backbone", backbone, ...args]);

test("fewer prompts than K are refused", async () => {
  failsWith(
    await spawnCli(["score", "--backbone", backbone, "--prompts", good, "--shots", "4", "--images", good]),
    /4 prompt images .* only 3 were given; add/,
  );
});

test("an empty folder and missing paths are refused", async () => {
  failsWith(await score("--prompts", good, "--images", empty), empty, "no images in this folder; put");
  failsWith(
    await score("--prompts", `${good}/nothing`, "--images", good),
    "no such file or folder; check the path",
  );
});

test("options that contradict or need each other are refused", async () => {
  const cases: [string[], string | RegExp][] = [
    [["--images", good], "normal images are missing; add --prompts"],
    [["--prompts", good], "nothing to score; add --images"],
    [["--prompts", good, "--bank", "b", "--images", good], "leave one of them out"],
    [["--bank", "b", "--shots", "2", "--images", good], "--shots is for --prompts"],
    [["--prompts", good, "--seed", "1", "--images", good], "say how many with --shots"],
    [["--prompts", good, "--shots", "two", "--images", good], "--shots: give a whole number, 1 or more"],
    [["--prompts", good, "--alpha", "-1", "--images", good], "--alpha: give a number, zero or more"],
    [["--prompts", good, "--images", good, "--heatmap", "x"], "Did you mean --heatmaps?"],
    [
      ["--prompts", good, "--images", good, "--format", "xml"],
      "--format: give table, json, jsonl, csv, coco or label-studio",
    ],
  ];
  await Promise.all(cases.map(async ([args, words]) => failsWith(await score(...args), words)));
});

test("a prompt that is no image is refused, and with --strict any other image too", async () => {
  failsWith(await score("--prompts", good, text, "--images", good), text, "this is a text file");
  const out = path.join(folder, "strict.json");
  const args = ["--prompts", good, "--images", good, text, "--strict", "--format", "json"];
  const run = await score(...args, "--out", out);
  assert.is(run.code, 1, run.stderr);
  assert.match(warnings(run).at(-1)!, "text.png: this is a text file");
  assert.equal(
    readdirSync(folder).filter((name) => name.includes("strict")),
    [],
  );
  const printed = await score(...args);
  assert.is(printed.code, 1);
  assert.is(JSON.parse(printed.stdout).complete, false);
});

test("backbones that are truncated, have a false header or do not exist are refused", async () => {
  const bytes = readFileSync(backbone);
  const cut = path.join(folder, "cut.safetensors");
  writeFileSync(cut, bytes.subarray(0, bytes.length - 1000));
  const lying = path.join(folder, "lying.safetensors");
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(2n ** 60n);
  writeFileSync(lying, Buffer.concat([head, bytes.subarray(8)]));
  for (const file of [cut, lying]) {
    failsWith(await cli(["score", "--backbone", file, "--prompts", good, "--images", good]), file, ";");
  }
  failsWith(
    await cli(["score", "--backbone", "deit-tony", "--prompts", good, "--images", good]),
    "neither a file nor",
  );
});

test("a bank of another backbone or with other options is refused", async () => {
  const bank = path.join(folder, "bank.safetensors");
  const other = path.join(folder, "other.safetensors");
  await writeModel(other, 2);
  assert.is((await score("--prompts", good, "--save-bank", bank)).code, 0);
  const run = await cli(["score", "--backbone", other, "--bank", bank, "--images", good]);
  failsWith(run, bank, "another backbone", "make the bank again");
  failsWith(
    await score("--bank", bank, "--images", good, "--fit", "tile"),
    "made with crop; leave --fit out",
  );
  failsWith(
    await score("--bank", bank, "--images", good, "--turns", "8"),
    "made with 1; leave --symmetries out",
  );
  failsWith(
    await score("--prompts", good, "--images", good, "--symmetries", "4"),
    "--symmetries: give 1 or 8",
  );
});

test("a class name for a model without text is refused, and so is a file that holds no heads", async () => {
  failsWith(
    await score("--prompts", good, "--images", good, "--class", "nut"),
    "no text tower",
    "leave it out",
  );
  failsWith(await score("--prompts", good, "--images", good, "--heads", backbone), backbone, "heads");
});

test("unwritable places and full disks are reported", async () => {
  const args = ["--prompts", good, "--images", parts];
  failsWith(
    await score(...args, "--out", path.join(folder, "no/x.csv")),
    "there is no folder",
    "make it first",
  );
  failsWith(await score(...args, "--out", folder), "this is a folder; give a file name");
  failsWith(await score(...args, "--heatmaps", text), text, "check the path");
  if (process.platform !== "linux") return console.log("skipped: no /dev/full here");
  failsWith(await score(...args, "--format", "csv", "--out", "/dev/full"), "/dev/full: the disk is full");
  failsWith(await score(...args, "--save-bank", "/dev/full"), "/dev/full", "give a file name");
  const full = openSync("/dev/full", "w");
  failsWith(
    await spawnCli(["score", "--backbone", backbone, ...args], { stdout: full }),
    "standard output: the disk is full",
  );
  return undefined;
});

test("an unknown adapter is refused", async () => {
  const env = { INCTRL_ADAPTER: "nonsense" };
  const run = await cli(["score", "--backbone", backbone, "--prompts", good, "--images", good], { env });
  failsWith(run, 'no adapter matches "nonsense"', "INCTRL_ADAPTER=auto");
});

test("DEBUG=1 adds the stack", async () => {
  const run = await cli(["score", "--backbone", backbone, "--prompts", empty, "--images", good], {
    env: { DEBUG: "1" },
  });
  assert.is(run.code, 1);
  assert.match(run.stderr, /^ +at /m);
});

test.run();
