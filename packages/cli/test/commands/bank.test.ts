import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodePng, hashFile } from "@inctrl/datasets";
import { drawProduct } from "@inctrl/synth";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resultsOf, scoreByBank } from "../support/bank.js";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { bankPlaces, writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const { backbone, bank, good, model } = bankPlaces(folder, 12);
const saved = async (file: string, prompts: readonly string[], ...args: string[]) => {
  const made = await cli(["score", ...model, "--prompts", ...prompts, "--save-bank", file, ...args]);
  assert.is(made.code, 0, made.stderr);
};
test.before(async () => {
  await writeModel(backbone);
  await saved(bank, good.slice(0, 2));
});
test.after(remove);

test("the folder of a bank is made with it, and a file in its place is told", async () => {
  const file = path.join(folder, "products", "line", "metal.bank.safetensors");
  await saved(file, good.slice(0, 1));
  assert.is((await cli(["bank", "show", file])).code, 0);
  const within = path.join(file, "other.bank.safetensors");
  failsWith(
    await cli(["score", ...model, "--prompts", good[0], "--save-bank", within]),
    "metal.bank.safetensors",
    "check the path",
  );
});

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
  assert.equal(line, { ...calibration, review, patch_threshold, tried: null });
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

test("a bank tells its method and options, so that its file and the backbone are all that score needs", async () => {
  const file = path.join(folder, "opening.bank.safetensors");
  const own = ["--method", "spade", "--set", "neighbours=1"];
  await saved(file, good.slice(0, 3), ...own);
  const score = async (...args: string[]) => {
    const run = await scoreByBank(model, file, [good[4]], ...args);
    assert.is(run.code, 0, run.stderr);
    return resultsOf(run)[0];
  };
  const [told, known] = [await score(...own), await score()];
  assert.equal(known, told);
  assert.is(known.verdict === null, false, "the hint is of the same settings");
  const other = await score("--set", "neighbours=3");
  assert.not.equal(other.score, told.score, "what is given comes before what the bank says");
  assert.is(other.verdict, null);
});

test("suggest chooses the images that cover the pool, and names what is unlike it", async () => {
  const odd = path.join(folder, "odd.png");
  writeFileSync(odd, encodePng(drawProduct({ class: "fabric", index: 0, size: 64, defect: null }).image));
  const broken = path.join(folder, "broken.png");
  writeFileSync(broken, "no image");
  const pool = writeImages(path.join(folder, "pool"), 20).filter((_, i) => i % 2 === 0);
  const suggest = (...args: string[]) => cli(["bank", "suggest", ...model, "--from", ...args]);
  const { code, stdout, stderr } = await suggest(...pool, odd, "--shots", "3", "--json");
  assert.is(code, 0, stderr);
  const { pool: size, compared, alone, chosen, unusual, bound } = JSON.parse(stdout);
  assert.equal([size, compared, chosen.length], [11, 11, 3]);
  assert.equal(
    unusual.map(({ name }: { name: string }) => name),
    [odd],
  );
  assert.ok(unusual[0].peak > bound);
  assert.ok(chosen.every(({ name }: { name: string }) => pool.includes(name)));
  const taken = chosen.reduce((sum: number, { share }: { share: number }) => sum + share, 0);
  assert.ok(
    Math.abs(alone * (1 - taken) - chosen[2].left) < 1e-9,
    "shares are of the residual with one at random",
  );
  const text = await suggest(...pool, odd, broken, "--shots", "3", "--pool", "400");
  assert.is(text.code, 2, text.stderr);
  assert.match(text.stderr, /skipped .*broken\.png/);
  assert.match(
    text.stdout,
    `Of 11 images these cover the rest best; with one at random the mean residual is ${alone.toFixed(4)}:\n`,
  );
  assert.match(text.stdout, `  ${chosen[0].name} `);
  assert.match(text.stdout, /\n1 image looks unlike all others, with a largest residual above [\d.]+:\n/);
  const thinned = await suggest(...pool, "--shots", "2", "--pool", "5");
  assert.match(thinned.stderr, "compared 5 of 10 images, evenly spread");
  failsWith(await suggest(...pool, "--shots", "11"), /there are 10 images to choose 11 of/);
});

test("check says which prompts are unlike the others and which are nearly the same", async () => {
  const copy = path.join(folder, "copy.png");
  const prompts = writeImages(path.join(folder, "checked"), 6);
  const { image } = drawProduct({ class: "metal", index: 2, size: 64, defect: null });
  writeFileSync(copy, encodePng({ ...image, data: image.data.map((value) => value ^ 1) }));
  const file = path.join(folder, "checked.bank.safetensors");
  await saved(file, [...prompts, copy]);
  const { code, stdout, stderr } = await cli(["bank", "check", file, "--json"]);
  assert.is(code, 0, stderr);
  const checked = JSON.parse(stdout);
  assert.is(checked.prompts.length, 7);
  assert.equal(checked.redundant[0].names, [prompts[2], copy]);
  const { stdout: text } = await cli(["bank", "check", file]);
  assert.match(text, `  ${checked.prompts[0].name} `);
  assert.match(text, /\n1 pair is nearly the same; one of each adds little:\n/);
  failsWith(
    await cli(["bank", "check", path.join(folder, "spade.bank.safetensors")]),
    'holds what "spade" keeps',
  );
});

test.run();
