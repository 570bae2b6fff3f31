import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { hashFile } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resultsOf, scoreByBank } from "../support/bank.js";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { bankPlaces, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const { backbone, bank, good: images, model } = bankPlaces(folder, 20);
const [prompts, normals, alarm, other] = [images.slice(0, 2), images.slice(2, 8), images[8], images[9]];
test.before(async () => {
  await writeModel(backbone);
  const made = await cli(["score", ...model, "--prompts", ...prompts, "--save-bank", bank]);
  assert.is(made.code, 0, made.stderr);
});
test.after(remove);

const run = async (...args: string[]) => {
  const outcome = await cli(["bank", ...args, "--json"]);
  assert.is(outcome.code, 0, outcome.stderr);
  return { ...JSON.parse(outcome.stdout), stderr: outcome.stderr };
};
const show = () => run("show", bank);

test("a false alarm joins the prompts of a bank without a line, and the line of one that has it; undo goes back", async () => {
  const first = readFileSync(bank);
  const added = await run("add", bank, alarm, ...model);
  assert.equal([added.version, added.what, added.prompts], [2, "prompts added", 3]);
  assert.equal(added.images, [{ name: alarm, sha256: await hashFile(alarm) }]);
  assert.equal([added.calibration.status, added.calibration.n], ["hint", 3]);
  assert.is((await run("undo", bank)).version, 1);
  assert.ok(readFileSync(bank).equals(first));

  assert.is((await cli(["calibrate", ...model, "--bank", bank, "--normals", ...normals])).code, 0);
  const line = await run("add", bank, alarm, ...model);
  assert.equal(
    [line.version, line.what, line.prompts, line.calibration.n],
    [3, "calibration images added", 2, 7],
  );
  const shown = await show();
  assert.equal(
    shown.changes.map(({ version, what }: { version: number; what: string }) => [version, what]),
    [
      [2, "calibrated"],
      [3, "calibration images added"],
    ],
  );
  assert.is(shown.version, 3);
  const { stdout } = await cli(["bank", "show", bank]);
  assert.match(stdout, /\nversion {6}3, id [0-9a-f]{16}\n/);
  assert.match(
    stdout,
    /\nchanges:\n {2}version +when +what +images\n {8}3 .* calibration images added {2}.*016\.png /,
  );
  failsWith(await cli(["bank", "add", bank, alarm, ...model]), /016\.png is a calibration image already/);
  failsWith(await cli(["bank", "add", bank, prompts[0], ...model]), /000\.png is a prompt already/);
});

test("reviews of the service feed a bank: what would be added is listed, then it is a version that can be undone", async () => {
  const reviews = path.join(folder, "reviews");
  mkdirSync(path.join(reviews, "metal"), { recursive: true });
  const file = path.join(folder, "metal.bank.safetensors.copy");
  copyFileSync(bank, file);
  const lines: string[] = [];
  const say = async (image: string, review: "good" | "bad", verdict: string, product = "metal") => {
    const sha256 = await hashFile(image);
    const name = `${product}/${sha256}.png`;
    mkdirSync(path.join(reviews, product), { recursive: true });
    copyFileSync(image, path.join(reviews, name));
    lines.push(
      JSON.stringify({
        time: "2026-11-29T00:00:00Z",
        product,
        part: "1",
        sha256,
        review,
        verdict,
        file: name,
      }),
    );
    writeFileSync(path.join(reviews, "reviews.jsonl"), `${lines.join("\n")}\n`);
    return path.join(reviews, name);
  };
  const add = ["add", file, "--reviews", reviews, ...model];
  failsWith(
    await cli(["bank", ...add]),
    /reviews\.jsonl: there are no reviews; inctrl serve --reviews keeps them/,
  );
  failsWith(await cli(["bank", "add", file, ...model]), /nothing to add; name images, or --reviews FOLDER/);
  const defective = images[0].replace("000.png", "001.png");
  await say(defective, "bad", "OK");
  // The last review counts.
  await say(other, "bad", "NG");
  const learnt = await say(other, "good", "NG");
  await say(alarm, "good", "OK");
  failsWith(
    await cli(["bank", ...add]),
    /no reviews of metal\.bank\.safetensors\.copy, but of metal; name one with --product/,
  );
  const named = [...add, "--product", "metal"];
  const before = readFileSync(file);
  const listed = await run(...named, "--dry-run");
  // The alarm is an image of the line already.
  assert.equal([listed.as, listed.images], ["calibration", [learnt]]);
  assert.match(
    listed.stderr,
    /reviews of metal: 2 good parts, of which the bank learns 1; 1 bad part, which no bank learns/,
  );
  assert.ok(readFileSync(file).equals(before));
  const added = await run(...named);
  assert.equal(
    [added.what, added.images],
    ["calibration images added", [{ name: learnt, sha256: await hashFile(other) }]],
  );
  failsWith(
    await cli(["bank", ...named]),
    /no part of metal was called good that the bank does not know already/,
  );
  await run("undo", file);
  assert.ok(readFileSync(file).equals(before));
});

test("other prompts have the line's images scored again, from the folders that are named", async () => {
  const asPrompt = ["add", bank, other, "--as", "prompt", ...model];
  failsWith(
    await cli(["bank", ...asPrompt]),
    /the line's 7 images must be scored again; 7 files are not found by sha256 \(.*\); name the folder; --files takes folders and files/,
  );
  // Under other names, since files are known by their bytes.
  const moved = path.join(folder, "moved");
  mkdirSync(moved);
  for (const [i, file] of [...normals, alarm].entries()) copyFileSync(file, path.join(moved, `${i}.png`));
  const before = await show();
  const added = await run(...asPrompt, "--files", moved);
  assert.equal([added.version, added.prompts, added.calibration.n], [4, 3, 7]);
  assert.ok(
    added.calibration.threshold <= before.calibration.threshold,
    "a prompt more makes no score larger",
  );
  const results = resultsOf(await scoreByBank(model, bank, normals));
  const known = results.map((row: { p_value: number }) => row.p_value);
  // Each of the images is itself one of the seven that it is compared with.
  assert.ok(
    known.every((p: number) => Math.abs(p * 8 - Math.round(p * 8)) < 1e-6 && p >= 2 / 8),
    `${known}`,
  );
  const sum = await hashFile(alarm);
  const less = await run("remove", bank, path.basename(other), sum.slice(0, 12), ...model, "--files", moved);
  assert.equal([less.version, less.prompts, less.calibration.n], [5, 2, 6]);
  assert.is(
    less.calibration.threshold,
    before.calibration.n === 6 ? before.calibration.threshold : less.calibration.threshold,
  );
  const dropped = await run(...asPrompt, "--drop-line");
  assert.equal([dropped.version, dropped.calibration.status], [6, "hint"]);
  assert.match(dropped.stderr, "its line is dropped; inctrl calibrate sets another");
  await run("undo", bank);
});

test("another backbone, other settings and unknown names are refused, and the bank stays", async () => {
  const before = readFileSync(bank);
  const another = path.join(folder, "another", "model.safetensors");
  mkdirSync(path.dirname(another));
  await writeModel(another, 2);
  failsWith(await cli(["bank", "add", bank, other, "--backbone", another]), /was made by another backbone/);
  failsWith(
    await cli(["bank", "add", bank, other, ...model, "--set", "aggregate=top3"]),
    /it was calibrated with aggregate/,
  );
  failsWith(
    await cli(["bank", "add", bank, other, ...model, "--symmetries", "8"]),
    /--symmetries 8: the bank/,
  );
  failsWith(await cli(["bank", "remove", bank, "absent.png", ...model]), /has no image absent\.png/);
  failsWith(
    await cli(["bank", "remove", bank, ...prompts, ...model, "--drop-line"]),
    /would have no prompt left/,
  );
  assert.ok(readFileSync(bank).equals(before));
});

test("a method that keeps no patches is fitted again with the files of its prompts", async () => {
  const file = path.join(folder, "spade.bank.safetensors");
  const method = [...model, "--method", "spade", "--set", "neighbours=1"];
  const made = await cli(["score", ...method, "--prompts", ...prompts, "--save-bank", file]);
  assert.is(made.code, 0, made.stderr);
  failsWith(await cli(["bank", "add", file, alarm, ...method]), /spade keeps no patches of its prompts/);
  assert.is((await run("add", file, alarm, ...method, "--files", ...prompts)).prompts, 3);
  const whole = path.join(folder, "whole.bank.safetensors");
  await cli(["score", ...method, "--prompts", ...prompts, alarm, "--save-bank", whole]);
  const scoresOf = async (bank: string) => {
    const { stdout } = await cli(["score", ...method, "--bank", bank, "--images", other, "--format", "csv"]);
    return stdout;
  };
  assert.is(await scoresOf(file), await scoresOf(whole));
});

test.run();
