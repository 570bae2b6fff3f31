import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, ROOT, temporaryFolder } from "../support/cli.js";
import { writeImages } from "../support/model.js";

const { folder, remove } = temporaryFolder();
test.after(remove);
const unix = process.platform !== "win32";

const images = writeImages(path.join(folder, "images"), 3);
const SCORE = ["score", "--prompts", images[0], "--images", images[1], "--format", "csv"];

function start(args: readonly string[], stdio: ("ignore" | "pipe" | number)[]) {
  const main = path.join(ROOT, "packages/cli/src/main.ts");
  return spawn(process.execPath, [...process.execArgv, main, ...args], { cwd: ROOT, stdio });
}

test("a full or closed log ends no work, and full output fails in one line", async () => {
  if (!existsSync("/dev/full")) return console.log("skipped: no /dev/full here");
  const full = openSync("/dev/full", "w");
  const out = path.join(folder, "scores.csv");
  const logged = start([...SCORE, "--out", out], ["ignore", "ignore", full]);
  const unread = start([...SCORE, "--out", `${out}2`], ["ignore", "ignore", "pipe"]);
  unread.stderr!.destroy();
  const help = start(["--help"], ["ignore", full, "pipe"]);
  let said = "";
  help.stderr!.setEncoding("utf8").on("data", (text) => {
    said += text;
  });
  const codes = await Promise.all(
    [logged, unread, help].map(async (child) => (await once(child, "close"))[0]),
  );
  closeSync(full);
  assert.equal(codes, [0, 0, 1]);
  assert.is(readFileSync(out, "utf8").split("\n").length, 3);
  assert.is(readFileSync(`${out}2`, "utf8"), readFileSync(out, "utf8"));
  assert.is(said, "inctrl: standard output: the disk is full; free some space or write elsewhere\n");
  return undefined;
});

test("what is no plain file is refused wherever a file is named, and waited for nowhere", async () => {
  if (!unix) return;
  const pipe = path.join(folder, "pipe.json");
  const list = path.join(folder, "pipe.pt");
  execFileSync("mkfifo", [pipe, list]);
  const says = /pipe\.(json|pt)/;
  for (const args of [
    ["score", "--prompts", pipe, "--images", images[1]],
    ["score", "--prompts", images[0], "--images", images[1], "--backbone", pipe],
    ["score", "--prompts", images[0], "--images", images[1], "--model-config", pipe],
    ["score", "--prompts", images[0], "--images", images[1], "--class", "x", "--vocabulary", pipe],
    ["score", "--prompts", images[0], "--images", images[1], "--heads", pipe],
    ["score", "--prompts", list, "--images", images[1]],
    ["score", "--bank", pipe, "--images", images[1]],
    ["score", "--prompts", images[0], "--images", pipe, "--strict"],
    ["models", "inspect", pipe],
    ["train", "--config", pipe],
    ["datasets", "inspect", `json:${pipe}`],
    ["eval", "--data", "procedural:0?size=64", "--heads", pipe],
    ["pretrain", "--model", pipe],
    ["parity", pipe],
  ]) {
    const outcome = await cli(args);
    failsWith({ ...outcome, stdout: "" }, says);
  }
});

test("nesting without end and terminal escapes are refused as they are shown", async () => {
  for (const [name, content, says] of [
    ["deep.json", "[".repeat(1e5), /nested more than 100 deep/],
    ["deep.yaml", "[".repeat(1e5), /nested too deeply/],
    ["deep2.yaml", "- ".repeat(1e5), /nested too deeply/],
    [
      "deep3.yaml",
      Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
      /nested too deeply/,
    ],
  ] as const) {
    const file = path.join(folder, name);
    writeFileSync(file, content);
    failsWith(await cli(["train", "--config", file]), says);
  }
  const outcome = await cli(["score", "--prompts", "a\u001b[31m\u202e.png", "--images", images[1]]);
  failsWith(outcome, "a\\u001b[31m\\u202e.png");
  for (const sent of ["\u001b", "\u202e"]) assert.not(outcome.stderr.includes(sent));
});

test.run();
