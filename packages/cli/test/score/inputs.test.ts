import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { ScoreOptions } from "../../src/commands/score.js";
import { findInputs, type Inputs } from "../../src/score/inputs.js";
import { captured } from "../support/capture.js";
import { temporaryFolder } from "../support/cli.js";
import { writeImages } from "../support/model.js";

const { folder, remove } = temporaryFolder();
test.after(remove);
const [good, mixed, deep] = ["good", "mixed", "deep"].map((name) => path.join(folder, name));
writeImages(good, 2);
writeImages(mixed, 2, 2);
writeImages(path.join(mixed, "sub"), 1, 4);
writeImages(path.join(deep, "a/b"), 1, 4);

/** The inputs of some options, and what is said of them. */
async function inputsOf(options: Partial<ScoreOptions>): Promise<{ inputs: Inputs; said: string }> {
  let inputs: Inputs | undefined;
  const { stderr } = await captured(async () => {
    inputs = await findInputs({ prompts: [good], images: [mixed], ...options } as ScoreOptions);
    return 0;
  });
  return { inputs: inputs as Inputs, said: stderr };
}

test("what is left out is said, and an image among it makes the run incomplete or stops a strict one", async () => {
  const { inputs, said } = await inputsOf({});
  assert.is(inputs.images.length, 2);
  assert.not(inputs.incomplete);
  assert.match(said, /1 left out: .*sub \(a folder beside images\); --recursive takes/);

  writeFileSync(path.join(mixed, "phone.heic"), "\0\0\0\x18ftypheic");
  const other = await inputsOf({ recursive: true });
  assert.is(other.inputs.images.length, 3);
  assert.ok(other.inputs.incomplete);
  assert.match(other.said, /1 left out: .*phone\.heic \(this is a HEIC/);
  let message = "";
  await inputsOf({ strict: true }).catch((error) => {
    ({ message } = error);
  });
  assert.match(message, /phone\.heic: this is a HEIC/);
});

test("a folder of folders is looked into and said, and with --no-recursive refused", async () => {
  const { inputs, said } = await inputsOf({ images: [deep] });
  assert.is(inputs.images.length, 1);
  assert.match(said, /deep: no images of its own; those of its folders are taken \(a\)/);
  let code = "";
  await inputsOf({ images: [deep], recursive: false }).catch((error) => {
    ({ code } = error);
  });
  assert.is(code, "empty");
});

test("a link to a prompt is no further prompt", async () => {
  const linked = path.join(folder, "linked");
  mkdirSync(linked);
  const [image] = writeImages(linked, 1);
  renameSync(image, path.join(linked, "a.png"));
  symlinkSync("a.png", path.join(linked, "b.png"));
  const { inputs, said } = await inputsOf({ prompts: [linked] });
  assert.equal(inputs.prompts, [path.join(linked, "a.png")]);
  assert.match(said, /1 left out: .*b\.png \(a file that is listed already\)/);
});

test.run();
