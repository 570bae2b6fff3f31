import path from "node:path";
import { writeImage } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeImages, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const backbone = path.join(folder, "model.safetensors");
const bank = path.join(folder, "part.bank.safetensors");
const images = writeImages(path.join(folder, "images"), 12);
const good = images.filter((_, i) => i % 2 === 0);
const model = ["--backbone", backbone];
test.before(() => writeModel(backbone));
test.after(remove);

const save = (file: string, ...args: string[]) =>
  cli(["score", ...model, "--prompts", ...good.slice(0, 2), "--save-bank", file, ...args]);

test("a bank keeps the parts that count, and its line stands on them", async () => {
  const plain = path.join(folder, "plain.bank.safetensors");
  assert.is((await save(plain)).code, 0);
  const made = await save(bank, "--roi", "0%,0%,50%,100%", "--ignore", "0,32,64,32");
  assert.is(made.code, 0, made.stderr);
  const scores = async (file: string) => {
    const run = await cli([
      "score",
      ...model,
      "--bank",
      file,
      "--images",
      ...good.slice(2),
      "--format",
      "json",
    ]);
    return JSON.parse(run.stdout).results.map((row: { score: number }) => row.score);
  };
  const [all, part] = [await scores(plain), await scores(bank)];
  assert.ok(part.every((score: number, i: number) => score > 0 && score <= all[i]));
  assert.ok(
    part.some((score: number, i: number) => score < all[i]),
    "some are largest elsewhere",
  );
  const calibrated = await cli(["calibrate", ...model, "--bank", bank, "--normals", ...good.slice(2)]);
  assert.is(calibrated.code, 0, calibrated.stderr);
  const shown = JSON.parse((await cli(["bank", "show", bank, "--json"])).stdout);
  assert.is(shown.region_share, 0.25);
  assert.match(shown.calibration.settings.region, /^[0-9a-f]{64}$/);
  assert.match((await cli(["bank", "show", bank])).stdout, /\nlooks at {5}25\.0% of each image\n/);
});

test("methods that look at whole images, and a region beside a bank, are refused", async () => {
  const other = path.join(folder, "other.bank.safetensors");
  for (const method of ["padim", "subspacead", "spade"])
    failsWith(
      await save(other, "--method", method, "--roi", "0%,0%,50%,100%"),
      new RegExp(`${method} with these settings judges by more than the map`),
    );
  failsWith(
    await save(other, "--set", "distance=both", "--roi", "0%,0%,50%,100%"),
    /residual with these settings judges by more than the map/,
  );
  failsWith(
    await cli(["score", ...model, "--bank", bank, "--images", ...good, "--roi", "0%,0%,50%,100%"]),
    /--roi is for --prompts/,
  );
  failsWith(await save(other, "--ignore", "0,0,64,64"), /leaves nothing of an image to look at/);
});

test("tiles of a size of their own are kept in the bank, and others are refused", async () => {
  const file = path.join(folder, "tiles.bank.safetensors");
  const made = await save(file, "--tile", "32", "--overlap", "4");
  assert.is(made.code, 0, made.stderr);
  const score = (...args: string[]) =>
    cli(["score", ...model, "--bank", file, "--images", good[3], "--format", "json", ...args]);
  const run = await score("--tile", "32");
  assert.is(run.code, 0, run.stderr);
  // Tiles of 32 pixels become 64, of which a patch takes 16.
  assert.match(
    run.stderr,
    /a patch covers 8 x 8 pixels of .*006\.png: of a defect that is smaller, little is seen/,
  );
  const [{ fit, patch, box }] = JSON.parse(run.stdout).results;
  assert.equal([fit, patch, box.width, box.height], ["tile", { width: 8, height: 8 }, 32, 32]);
  failsWith(await score("--tile", "48"), /--tile 48: the bank .* was made with 32; leave --tile out/);
  failsWith(await score("--tile", "32", "--overlap", "9"), /--overlap 9: the bank .* was made with 4/);
  failsWith(await save(file, "--overlap", "4"), /--overlap is what tiles have in common; say how large/);
  failsWith(await save(file, "--tile", "32", "--overlap", "32"), /tiles of 32 pixels share less than that/);
  failsWith(
    await save(file, "--tile", "32", "--fit", "crop"),
    /--tile cuts images into tiles, and --fit crop does not/,
  );
  failsWith(await save(file, "--tile", "65"), /64 x 64 pixels hold no tile of 65; take smaller tiles/);
});

test("tiles that are compared by their place: the bank keeps it, the line stands on it, and other sizes are errors", async () => {
  const file = path.join(folder, "places.bank.safetensors");
  const tiled = ["--tile", "32", "--overlap", "4", "--positions", "same"];
  failsWith(await save(file, "--positions", "same"), /--positions compares tiles; cut images with --tile N/);
  assert.is((await save(file, ...tiled)).code, 0);
  const wide = writeImage(folder, "wide.png", 1, 80, 64);
  const score = (...args: string[]) =>
    cli(["score", ...model, "--bank", file, "--images", good[3], wide, "--format", "json", ...args]);
  failsWith(await score("--positions", "near"), /--positions near: the bank .* was made with same/);
  const run = await score("--positions", "same");
  assert.is(run.code, 2);
  assert.match(
    run.stderr,
    /wide\.png: has 80 x 64 pixels, and tiles are compared by their place in images of 64 x 64/,
  );
  const { results, skipped } = JSON.parse(run.stdout);
  assert.equal([results.length, skipped, results[0].calibration.status], [1, 1, "hint"]);
  const shown = await cli(["bank", "show", file]);
  assert.match(shown.stdout, /\ntiles {8}each with those at its own place, of images of 64 x 64 pixels\n/);
  assert.is((await cli(["calibrate", ...model, "--bank", file, "--normals", ...good.slice(2)])).code, 0);
  const { calibration, positions } = JSON.parse((await cli(["bank", "show", file, "--json"])).stdout);
  assert.equal(positions, { how: "same", of: { width: 64, height: 64 } });
  assert.is(calibration.settings.positions, "same 64x64");
});

test.run();
