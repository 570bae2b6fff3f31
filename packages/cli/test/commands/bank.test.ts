import { readFileSync } from "node:fs";
import path from "node:path";
import { hashFile } from "@inctrl/datasets";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
const bank = path.join(folder, "metal.bank.safetensors");
const images = writeImages(path.join(folder, "images"), 12);
const good = images.filter((_, i) => i % 2 === 0);
const model = ["--backbone", backbone];
const saved = async (file: string, prompts: readonly string[], ...args: string[]) => {
  const made = await cli(["score", ...model, "--prompts", ...prompts, "--save-bank", file, ...args]);
  assert.is(made.code, 0, made.stderr);
};
test.before(async () => {
  await writeModel(backbone);
  await saved(bank, good.slice(0, 2));
});
test.after(remove);

test("show says what the file holds, and its line before and after it is calibrated", async () => {
  const { code, stdout } = await cli(["bank", "show", bank, "--json"]);
  assert.is(code, 0);
  const shown = JSON.parse(stdout);
  assert.is(shown.file, bank);
  assert.is(shown.bytes, readFileSync(bank).length);
  const names = good.slice(0, 2);
  const sums = await Promise.all(names.map((name) => hashFile(name)));
  assert.equal(
    shown.prompts,
    names.map((name, i) => ({ name, sha256: sums[i], views: 1 })),
  );
  assert.equal(
    [shown.checksums, shown.kind, shown.fit, shown.window, shown.orientation, shown.symmetries],
    [true, null, "crop", "0:255", "follow", 1],
  );
  assert.equal(shown.preprocess.size, 64);
  assert.equal(shown.tensors.features, [2, 32]);
  assert.equal([shown.calibration.status, shown.calibration.n, shown.calibration.made], ["hint", 2, null]);

  const calibrated = await cli([
    "calibrate",
    ...model,
    "--bank",
    bank,
    "--normals",
    ...good.slice(2),
    "--json",
  ]);
  const { patch_threshold, calibration, review } = JSON.parse(calibrated.stdout);
  const after = JSON.parse((await cli(["bank", "show", bank, "--json"])).stdout);
  const { made, promise, settings, ...line } = after.calibration;
  assert.equal(line, { ...calibration, review, patch_threshold });
  assert.ok(Date.parse(made) > Date.parse("2020-01-01"), made);
  assert.match(promise[0], "Of 1000 good parts like these 4, about 200 will be flagged;");
  assert.is(settings.weights, "float32");
  const { stdout: text } = await cli(["bank", "show", bank]);
  assert.match(text, `line         ${line.threshold.toFixed(4)} (provisional), for patches `);
  assert.match(text, `             ${promise[0]}\n`);
  assert.match(text, `${names[1]}      1  ${sums[1].slice(0, 16)}\n`);
});

test("show names the method of a bank that holds no patches, and refuses other files", async () => {
  const other = path.join(folder, "spade.bank.safetensors");
  await saved(other, good.slice(0, 3), "--method", "spade");
  const { stdout } = await cli(["bank", "show", other]);
  assert.match(stdout, "holds        what spade keeps of its prompts");
  failsWith(await cli(["bank", "show", backbone]), "is no prompt bank");
  failsWith(await cli(["bank", "show", path.join(folder, "absent")]), "absent");
  failsWith(await cli(["bank"]), /say what to do, such as "inctrl bank show FILE"/);
});

test.run();
