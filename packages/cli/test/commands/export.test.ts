import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { findRuntime } from "@inctrl/onnx";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
const bank = path.join(folder, "metal.bank.safetensors");
const onnx = path.join(folder, "metal.onnx");
const given = ["export", "--backbone", backbone, "--bank", bank, "--onnx", onnx];
test.before(async () => {
  await writeModel(backbone);
  const prompts = writeImages(path.join(folder, "images"), 2);
  const made = await cli(["score", "--backbone", backbone, "--prompts", ...prompts, "--save-bank", bank]);
  assert.is(made.code, 0, made.stderr);
});
test.after(remove);

test("without onnxruntime nothing is written, and the option that allows it is named", async () => {
  if (findRuntime()) return console.log("skipped: onnxruntime-node is installed");
  failsWith(await cli(given), "onnxruntime-node is not installed", "--unverified");
  assert.not(existsSync(onnx));
  const asked = ["--images", path.join(folder, "images"), "--runtime", "onnxruntime"];
  const scored = await cli(["score", "--backbone", backbone, "--bank", bank, ...asked]);
  failsWith(scored, "onnxruntime-node is not installed");
});

test("an unverified file says so, and holds the fingerprint, the preprocessing and the line", async () => {
  const { code, stdout, stderr } = await cli([...given, "--unverified", "--json"]);
  assert.is(code, 0, stderr);
  assert.is(JSON.parse(stdout).verified, false);
  // Metadata is text between the lengths of its fields.
  const text = readFileSync(onnx).toString("latin1");
  const { threshold } = JSON.parse(stdout);
  assert.match(text, /inctrl\.verified..no/);
  for (const part of ["inctrl.fingerprint", '"fit":"crop","size":64', `inctrl.threshold`, String(threshold)])
    assert.ok(text.includes(part), part);
});

test("a method without a form in ONNX is refused by name", async () => {
  const again = [...given, "--unverified", "--set", "averaged=on"];
  failsWith(await cli(again), "averaged=on has no form in ONNX");
});

test.run();
