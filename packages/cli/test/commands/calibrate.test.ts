import { copyFileSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { resultsOf, scoreByBank } from "../support/bank.js";
import { cli, failsWith, temporaryFolder } from "../support/cli.js";
import { bankPlaces, writeModel } from "../support/model.js";

const { folder, remove } = temporaryFolder();
const { backbone, bank, good, bad, model } = bankPlaces(folder, 40);
const [prompts, normals] = [good.slice(0, 2), good.slice(2)];
test.before(async () => {
  await writeModel(backbone);
  const made = await cli(["score", ...model, "--prompts", ...prompts, "--save-bank", bank]);
  assert.is(made.code, 0, made.stderr);
});
test.after(remove);

const calibrate = (...args: string[]) => cli(["calibrate", ...model, "--bank", bank, ...args]);
const score = async (files: readonly string[], ...args: string[]) => {
  const run = await scoreByBank(model, bank, files, ...args);
  return { ...run, results: resultsOf(run) };
};

test("verdicts: of the good images as many are above the line as were allowed, and scaled scores say the same", async () => {
  const before = await score(normals);
  for (const { calibration, scaled_score } of before.results) {
    assert.equal([calibration.status, calibration.n], ["hint", 2], "what the prompts alone tell");
    assert.type(scaled_score, "number");
  }
  assert.match(
    before.stderr,
    "it stands on the 2 prompts alone, each left out in turn, which allow 33% at best",
  );
  const set = await score(normals, "--set", "aggregate=top3");
  assert.equal([set.code, set.results[0].verdict], [0, null], "a hint of other settings is left out");
  // 18 good images and 20%: floor(0.2 * 19) = 3, so that the third largest score is the line.
  const line = ["--normals", ...normals, "--anomalies", ...bad, "--false-alarms", "20%", "--review", "0.4"];
  const run = await calibrate(...line);
  assert.is(run.code, 0, run.stderr);
  const scores = before.results
    .map((row: { score: number }) => row.score)
    .sort((a: number, b: number) => b - a);
  assert.match(run.stdout, `line: ${scores[2].toFixed(4)} (calibrated)\n`);
  assert.match(
    run.stdout,
    "Of 1000 good parts like these 18, about 158 will be flagged; with 95% confidence fewer than ",
  );
  assert.match(run.stdout, /^found \d+ of 20 bad images: [\d.]+%, with 95% confidence [\d.]+% to [\d.]+%$/m);
  const { results, code } = await score([...normals, ...bad], "--exit-verdict");
  assert.is(code, 3);
  const flagged = results.filter((row: { verdict: string }) => row.verdict === "NG");
  assert.is(results.slice(0, 18).filter((row: { verdict: string }) => row.verdict === "NG").length, 2);
  for (const row of results) {
    assert.is(row.verdict === "NG", row.scaled_score > 0.5);
    assert.is(row.verdict === "OK", row.p_value > 0.4);
    assert.is(row.verdict === "NG", row.regions.length > 0, "the score is the map's largest value");
    assert.equal(row.calibration, {
      status: "calibrated",
      alpha: 0.2,
      n: 18,
      threshold: Number(scores[2].toPrecision(9)),
    });
  }
  assert.match(run.stdout, `found ${flagged.length - 2} of 20 bad images`);
  const table = await cli(["score", ...model, "--bank", bank, "--images", normals[0]]);
  assert.match(table.stdout, /^image +score +verdict +p_value/);
  const csv = await cli(["score", ...model, "--bank", bank, "--images", normals[0], "--format", "csv"]);
  assert.match(
    csv.stdout.split("\n")[0],
    /,verdict,p_value,scaled_score,calibration_status,calibration_alpha,calibration_n,calibration_threshold$/,
  );
});

test("a line that misses bad parts says so loudly, in the bank too, until it is set anew", async () => {
  const file = path.join(folder, "misses.bank.safetensors");
  copyFileSync(bank, file);
  // Good images in place of bad ones: 6 others set the line, which 5% of good ones may pass.
  const [six, nine] = [normals.slice(0, 6), normals.slice(6, 15)];
  const set = ["calibrate", ...model, "--bank", file, "--normals", ...six, "--false-alarms", "5%"];
  const run = await cli([...set, "--anomalies", ...nine, "--json"]);
  assert.is(run.code, 0, run.stderr);
  const { found, doubt, calibration } = JSON.parse(run.stdout);
  assert.is(calibration.status, "provisional");
  assert.is(found[0].of, 9);
  assert.ok(found[0].found <= 4, "good images look good");
  assert.is(doubt, `of 9 bad parts this line found ${found[0].found}: OK is no promise`);
  assert.match(
    run.stderr,
    /inctrl: Of 9 bad parts \d (was|were) flagged: this line (does not find them|misses too many).* Do not sort parts by it/,
  );
  const shown = async () => JSON.parse((await cli(["bank", "show", file, "--json"])).stdout).calibration;
  assert.equal((await shown()).tried, { found: found[0].found, of: 9 });
  assert.match((await shown()).promise.at(-1), /^Of 9 bad parts /);
  const scored = await cli(["score", ...model, "--bank", file, "--images", nine[0]]);
  assert.match(scored.stderr, /1 (OK|REVIEW|NG); of 9 bad parts this line found \d: OK is no promise/);
  // Another image of the line may move it.
  assert.is((await cli(["bank", "add", file, nine[0], ...model])).code, 0);
  assert.is((await shown()).tried, null);
  assert.match((await shown()).promise.at(-1), /is not known, since none was tried/);
});

test("regions go to labelling programs, and need a line", async () => {
  const formatted = (format: string, ...args: string[]) =>
    cli(["score", ...model, ...args, "--images", ...bad.slice(0, 2), "--format", format]);
  failsWith(
    await formatted("coco", "--prompts", prompts[0]),
    /--format coco: regions lie above a line, and there is none; inctrl calibrate sets one/,
  );
  failsWith(
    await formatted("csv", "--prompts", prompts[0], "--exit-verdict"),
    /--exit-verdict: there is no line, so that no part could be told good/,
  );
  const coco = JSON.parse((await formatted("coco", "--bank", bank)).stdout);
  assert.equal(
    coco.images.map(({ file_name, width, height }: { file_name: string; width: number; height: number }) => [
      file_name,
      width,
      height,
    ]),
    bad.slice(0, 2).map((name) => [name, 64, 64]),
  );
  const { id } = JSON.parse((await cli(["bank", "show", bank, "--json"])).stdout);
  const tasks = JSON.parse((await formatted("label-studio", "--bank", bank)).stdout);
  assert.equal([tasks.length, tasks[0].predictions[0].model_version], [2, `bank ${id}`]);
});

test("images of one part count once, and few parts make a provisional line", async () => {
  const run = await calibrate("--normals", ...normals, "--group", "(\\d\\d)\\d\\.png", "--json");
  assert.is(run.code, 0, run.stderr);
  const { calibration, of_1000_good } = JSON.parse(run.stdout);
  assert.equal([calibration.status, calibration.n], ["provisional", 4]);
  assert.is(of_1000_good.expected, 200);
  const { results } = await score(normals);
  assert.is(
    Math.max(...results.map((row: { score: number }) => row.score)),
    Number(calibration.threshold.toPrecision(9)),
  );
  failsWith(
    await calibrate("--normals", ...normals, "--group", "part-(\\d)"),
    /--group part-\(\\d\): finds nothing in/,
  );
  failsWith(
    await calibrate("--normals", ...normals, "--group", "("),
    /--group \(: Invalid regular expression/,
  );
});

test("prompts, and copies of them, are no calibration images; copies of others count once", async () => {
  const copy = path.join(folder, "copy.png");
  copyFileSync(prompts[1], copy);
  failsWith(await calibrate("--normals", ...normals, copy), /copy\.png is a prompt of the bank/);
  const again = path.join(folder, "again.png");
  copyFileSync(normals[0], again);
  const run = await calibrate("--normals", normals[0], again, "--json");
  assert.match(run.stderr, /1 image left out, each a copy of another: .*again\.png/);
  assert.is(JSON.parse(run.stdout).calibration.n, 1);
});

test("other settings than the line was made with are refused by name, and a failed run leaves the bank as it was", async () => {
  assert.is((await calibrate("--normals", ...normals)).code, 0);
  const before = readFileSync(bank);
  failsWith(
    await scoreByBank(model, bank, normals, "--set", "aggregate=top3"),
    /it was calibrated with aggregate not given, and now it is top3|it was calibrated with aggregate max, and now it is top3/,
  );
  failsWith(await calibrate("--normals", path.join(folder, "absent.png")), /absent\.png/);
  failsWith(
    await calibrate("--normals", ...normals, "--false-alarms", "120%"),
    /give a share above 0, below 1/,
  );
  assert.ok(readFileSync(bank).equals(before));
});

test.run();
