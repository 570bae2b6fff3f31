import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { encodePng } from "@inctrl/datasets";
import { drawProduct } from "@inctrl/synth";
import { turnedPng } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { writeModel } from "../support/model.js";

// What becomes of images of more than 8 bits, and of those that lie turned in their file.

const SIDE = 64;
const { folder, remove } = temporaryFolder();
const at = (...names: string[]) => path.join(folder, ...names);
const backbone = at("model.safetensors");
const bank = at("deep.bank.safetensors");

/** The gray values of a drawn part. */
function gray(index: number, defect: "scratch" | null): Uint8Array {
  const { data } = drawProduct({ class: "metal", index, size: SIDE, defect }).image;
  return Uint8Array.from({ length: SIDE * SIDE }, (_, i) => data[3 * i]);
}

/** The same values in 12 bits; the low ones must not matter. */
function pgm12(values: Uint8Array): Buffer {
  const body = Buffer.alloc(2 * values.length);
  for (const [i, value] of values.entries()) body.writeUInt16BE(16 * value + (i % 16), 2 * i);
  return Buffer.concat([Buffer.from(`P5 ${SIDE} ${SIDE} 65535\n`), body]);
}

test.before(async () => {
  await writeModel(backbone);
  for (const name of ["shallow", "deep", "photos"]) mkdirSync(at(name, "good"), { recursive: true });
  for (const [name, place, index, defect] of [
    ["0", "good", 0, null],
    ["1", "good", 1, null],
    ["query", "", 2, "scratch"],
  ] as const) {
    // White and black in every image, so that its range is 12 bits.
    const data = gray(index, defect);
    data.fill(255, 0, 40);
    writeFileSync(at("shallow", place, `${name}.png`), encodePng({ width: SIDE, height: SIDE, data }));
    writeFileSync(at("deep", place, `${name}.pgm`), pgm12(data));
  }
  const seen = { width: SIDE, height: SIDE, data: gray(2, "scratch") };
  writeFileSync(at("photos", "query.png"), encodePng(seen));
  writeFileSync(at("photos", "turned.png"), turnedPng(seen));
});
test.after(remove);

const score = (...args: string[]) => cli(["score", "--backbone", backbone, "--format", "json", ...args]);

test("12 bits score as the same picture in 8 bits, and all results state the window", async () => {
  const [shallow, deep] = await Promise.all([
    score("--prompts", at("shallow", "good"), "--images", at("shallow", "query.png")),
    score("--prompts", at("deep", "good"), "--images", at("deep", "query.pgm"), "--save-bank", bank),
  ]);
  const [eight, twelve] = [JSON.parse(shallow.stdout), JSON.parse(deep.stdout)];
  assert.is(twelve.results[0].score, eight.results[0].score);
  assert.ok(eight.results[0].score > 0);
  assert.equal([eight.window, eight.orientation], ["0:255", "follow"]);
  assert.equal([twelve.window, twelve.results[0].window], ["0:4095", "0:4095"]);
  assert.match(deep.stderr, /prompts of 16 bits with values from .*; window 0:4095/);
  assert.not.match(shallow.stderr, /window/);
});

test("a bank keeps its window: other windows and other depths are refused, and say how to go on", async () => {
  const again = await score("--bank", bank, "--images", at("deep", "query.pgm"), at("shallow", "query.png"));
  assert.is(again.code, 2);
  assert.is(JSON.parse(again.stdout).results.length, 1);
  assert.match(again.stderr, /query\.png: its samples are of 8 bits .* 16 bits.*--window full/);
  const other = score("--bank", bank, "--images", at("deep", "query.pgm"), "--window", "0:1023");
  failsWith(await other, "--window 0:1023", "was made with 0:4095; leave --window out");
  failsWith(
    await score("--bank", bank, "--images", at("deep"), "--window", "9:1"),
    "--window: give auto, full",
  );
});

test("a query that lies mostly outside the bank's window is named", async () => {
  const bright = pgm12(gray(2, null).fill(255)).map((byte, i) => (i > 20 && i % 2 ? 0xf0 : byte));
  writeFileSync(at("bright.pgm"), bright);
  const run = await score("--bank", bank, "--images", at("bright.pgm"));
  assert.is(run.code, 0);
  assert.match(run.stderr, /1 image mostly lies outside the window .*bright\.pgm, [\d.]+ % of it/);
});

test("a window that the prompts hardly use is warned of", async () => {
  const full = await score(
    "--prompts",
    at("deep", "good"),
    "--images",
    at("deep", "query.pgm"),
    "--window",
    "full",
  );
  assert.match(full.stderr, /use only \d\.\d % of the window 0:65535/);
  assert.is(JSON.parse(full.stdout).window, "full");
});

test("an image whose tag turns it upright scores as the upright one, unless the tag is ignored", async () => {
  const args = [
    "--prompts",
    at("shallow", "good"),
    "--images",
    at("photos", "query.png"),
    at("photos", "turned.png"),
  ];
  const scores = async (...more: string[]) =>
    JSON.parse((await score(...args, ...more)).stdout).results.map(
      (result: { score: number }) => result.score,
    );
  const [upright, turned] = await scores("--heatmaps", at("maps"));
  assert.is(turned, upright);
  const [still, lying] = await scores("--orientation", "ignore");
  assert.is(still, upright);
  assert.is.not(lying, upright);
  const drawn = (name: string) => readFileSync(at("maps", `${name}.heatmap.png`));
  assert.equal(drawn("turned"), drawn("query"));
});

test("an image above the limit is refused, and the option that allows it is named", async () => {
  const wide = at("wide.pbm");
  writeFileSync(wide, Buffer.concat([Buffer.from("P4 1600 1000\n"), Buffer.alloc(200_000)]));
  const args = ["--prompts", at("shallow", "good"), "--images", wide, "--max-megapixels"];
  const refused = await score(...args, "1");
  assert.is(refused.code, 2);
  assert.match(
    refused.stderr,
    /1600 x 1000 pixels, above the limit of 1000000; .*--max-megapixels allows it/,
  );
  assert.is((await score(...args, "2")).code, 0);
});

test.run();
