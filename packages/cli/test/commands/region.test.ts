import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { randomPixels, turnedPng, writeImage } from "@inctrl/testing";
import { post } from "@inctrl/testing/http";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resultsOf, scoreByBank } from "../support/bank.js";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { bankPlaces, writeModel } from "../support/model.js";
import { startQuietly } from "../support/service.js";

const { folder, remove } = temporaryFolder();
const { backbone, bank, good, model } = bankPlaces(folder, 12);
test.before(() => writeModel(backbone));
test.after(remove);

const save = (file: string, ...args: string[]) =>
  cli(["score", ...model, "--prompts", ...good.slice(0, 2), "--save-bank", file, ...args]);

test("a bank keeps the parts that count, and its line stands on them", async () => {
  const plain = path.join(folder, "plain.bank.safetensors");
  assert.is((await save(plain)).code, 0);
  const made = await save(bank, "--roi", "0%,0%,50%,100%", "--ignore", "0,32,64,32");
  assert.is(made.code, 0, made.stderr);
  const scores = async (file: string) =>
    resultsOf(await scoreByBank(model, file, good.slice(2))).map((row: { score: number }) => row.score);
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

test("a photo that lies turned in its file is told as it stands upright: by score, watch and serve alike", async () => {
  const [products, from, out] = ["products", "in", "out"].map((name) => path.join(folder, name));
  for (const each of [products, from]) mkdirSync(each);
  copyFileSync(bank, path.join(products, "part.bank.safetensors"));
  // The bank looks at the upper left quarter; of a wide image the middle square is seen.
  const files = (["inside", "outside"] as const).flatMap((name) => {
    const wide = { width: 128, height: 64, data: randomPixels(3, 128 * 64).fill(90, 0, 3 * 64 * 64) };
    const left = name === "inside" ? 40 : 72;
    for (let y = 8; y < 24; y++) wide.data.fill(255, 3 * (128 * y + left), 3 * (128 * y + left + 16));
    return [[`${name}.png`, encodePng(wide)] as const, [`${name}-turned.png`, turnedPng(wide)] as const];
  });
  const paths = files.map(([name, bytes]) => {
    writeFileSync(path.join(from, name), bytes);
    return path.join(from, name);
  });
  const rows = resultsOf(await scoreByBank(model, bank, paths));
  const results = rows.map(({ image: _, ...row }: Record<string, unknown>) => row);
  assert.equal([results[0], results[2]], [results[1], results[3]]);
  const [seen, , unseen] = results;
  assert.equal([seen.verdict, seen.width, seen.height, seen.regions.length], ["NG", 128, 64, 1]);
  const { x, y, width, height } = seen.regions[0].box;
  assert.ok(x >= 32 && x + width <= 64 && y + height <= 32, "the region is where the bank looks");
  assert.ok(unseen.score < seen.score);

  await using served = await startQuietly({ backbone, products, images: [], bank: async () => {} });
  const maps: Buffer[] = [];
  for (const [i, [name, bytes]] of files.entries()) {
    const { answer } = await post(served, `part/score?part=${name}`, bytes);
    for (const [field, value] of Object.entries(results[i])) assert.equal(answer[field], value, field);
    const map = await fetch(`${served.address}/v1/products/part/parts/${name}/map`);
    maps.push(Buffer.from(await map.arrayBuffer()));
  }
  assert.equal([maps[0], maps[2]], [maps[1], maps[3]]);

  const watch = ["watch", from, ...model, "--bank", bank, "--out", out, "--once"];
  const sorted = await cli(watch);
  assert.is(sorted.code, 0, sorted.stderr);
  assert.not.match(sorted.stderr, "by scores alone");
  const [ledger] = readdirSync(path.join(out, "ledger"));
  const lines = readFileSync(path.join(out, "ledger", ledger), "utf8")
    .trim()
    .split("\n");
  const entries = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === "part");
  const facts = files.map(([name], i) => {
    const entry = entries.find(({ image }) => image === name);
    for (const [field, value] of Object.entries(results[i])) assert.equal(entry[field], value, field);
    return entry.facts;
  });
  assert.equal([facts[0], facts[2]], [facts[1], facts[3]]);
  assert.is(facts[0].regional, true);
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
  const score = (...args: string[]) => scoreByBank(model, file, [good[3]], ...args);
  const run = await score("--tile", "32");
  assert.is(run.code, 0, run.stderr);
  // Tiles of 32 pixels become 64, of which a patch takes 16.
  assert.match(
    run.stderr,
    /a patch covers 8 x 8 pixels of .*006\.png: of a defect that is smaller, little is seen/,
  );
  const [{ fit, patch, box }] = resultsOf(run);
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
  const score = (...args: string[]) => scoreByBank(model, file, [good[3], wide], ...args);
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
