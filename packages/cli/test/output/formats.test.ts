import type { ScoreRecord } from "@inctrl/detect";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type FormatName, openFormat } from "../../src/output/formats.js";
import type { RunFooter, RunHeader } from "../../src/output/record.js";

const header: RunHeader = {
  left_out: { count: 0, files: [] },
  backbone: 'deit "tiny"',
  fingerprint: "ab",
  bank: "cd",
  shots: 2,
  prompts: ["a,b.png", "c.png"],
  class: null,
  heads: null,
  ...{ fit: "crop", window: "0:255", orientation: "follow" },
  turns: 1,
  dtype: "float32",
  alpha: 1,
  grid: 14,
  device: "llvmpipe",
};

const record = (image: string, score = 0.25): ScoreRecord => ({
  ...{ image, width: 40, height: 20 },
  score,
  residual: 0.125,
  image_residual: null,
  text: null,
  phi: null,
  match: { prompt: "a,b.png", patch: 14, query_patch: 195 },
  ...{ fit: "crop", window: "0:255" },
  view: 0,
  box: { x: 0, y: 1.5, width: 10, height: 10 },
  patch: { width: 0.625, height: 0.625 },
  ...{ verdict: null, p_value: null, scaled_score: null, calibration: null, regions: null },
});

const footer: RunFooter = { scored: 2, skipped: 1, complete: true };

function write(
  name: FormatName,
  records: readonly ScoreRecord[],
  end: RunFooter = footer,
  head = header,
): string {
  const format = openFormat(
    name,
    records.map(({ image }) => image),
  );
  return format.begin(head) + records.map((row) => format.row(row)).join("") + format.end(end);
}

/** RFC 4180, character by character. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = rows.at(-1)!;
    const character = text[i];
    if (quoted && character === '"' && text[i + 1] === '"') row[row.length - 1] += text[i++];
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === ",") row.push("");
    else if (!quoted && character === "\n") rows.push([""]);
    else row[row.length - 1] += character;
  }
  return rows;
}

test("json is one document with the header, the results and the footer", () => {
  const document = JSON.parse(write("json", [record("x.png"), record("y.png", 0.5)]));
  assert.is(document.backbone, 'deit "tiny"');
  assert.is(document.shots, 2);
  assert.equal(document.prompts, ["a,b.png", "c.png"]);
  assert.is(document.results.length, 2);
  assert.equal(document.results[1], record("y.png", 0.5));
  assert.equal([document.scored, document.skipped, document.complete], [2, 1, true]);
});

test("json is valid without results and after an early stop", () => {
  assert.equal(JSON.parse(write("json", [])).results, []);
  assert.is(JSON.parse(write("json", [record("x")], { ...footer, complete: false })).complete, false);
});

test("numbers give the same float32 when read again", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i) / (i + 1) ** 3);
  for (const value of values) {
    const { score } = JSON.parse(openFormat("jsonl").row(record("x", value)));
    assert.is(Math.fround(score), value);
  }
});

test("jsonl is one result on each line, even for a file name with line breaks", () => {
  const names = ["a.png", 'quote".png', "line\nbreak.png", "ünï,cödé.png"];
  const lines = write(
    "jsonl",
    names.map((name) => record(name)),
  )
    .trimEnd()
    .split("\n");
  assert.equal(
    lines.map((line) => JSON.parse(line).image),
    names,
  );
});

test("csv quotes commas, quotes, line breaks and spaces at the ends, and leaves absent values empty", () => {
  const names = ["plain.png", "a,b.png", 'say "hi".png', "two\nlines.png", " padded.png"];
  const rows = parseCsv(
    write(
      "csv",
      names.map((name) => record(name)),
    ),
  );
  assert.equal(rows[0].slice(0, 6), ["image", "score", "residual", "image_residual", "text", "phi"]);
  for (const [i, name] of names.entries()) {
    assert.equal(rows[i + 1].slice(0, 9), [name, "0.25", "0.125", "", "", "", "a,b.png", "14", "195"]);
  }
});

test("coco and label-studio are one document each, also without images", () => {
  const region = {
    box: { x: 2, y: 4, width: 10, height: 5 },
    area: 50,
    peak: 0.5,
    outline: [[2, 4, 12, 4, 12, 9, 2, 9]],
  };
  const rows = [
    { ...record("a.png"), regions: [region, region] },
    { ...record("b.png"), regions: [] },
    { ...record("c.png"), regions: [region] },
  ];
  const { info, images, annotations, categories } = JSON.parse(write("coco", rows));
  assert.is(info.bank, "cd");
  assert.equal(
    images.map(({ id, file_name }: { id: number; file_name: string }) => [id, file_name]),
    [
      [1, "a.png"],
      [2, "b.png"],
      [3, "c.png"],
    ],
  );
  assert.equal(
    annotations.map(({ id, image_id }: { id: number; image_id: number }) => [id, image_id]),
    [
      [1, 1],
      [2, 1],
      [3, 3],
    ],
  );
  assert.equal(categories, [{ id: 1, name: "anomaly", supercategory: "anomaly" }]);
  const tasks = JSON.parse(write("label-studio", rows));
  assert.equal(
    tasks.map(({ predictions: [{ result }] }: { predictions: { result: unknown[] }[] }) => result.length),
    [2, 0, 1],
  );
  assert.is(tasks[0].predictions[0].model_version, "bank cd");
  const empty = JSON.parse(write("coco", []));
  assert.equal([empty.images, empty.annotations, JSON.parse(write("label-studio", []))], [[], [], []]);
});

test("the table lines up, counts rows and columns from 1, and leaves out what the model lacks", () => {
  const lines = write("table", [record("short.png"), record("much-longer-name.png", -1e-9)]).split("\n");
  assert.is(lines[0], "image                  score  residual  row, column  nearest normal patch");
  assert.is(lines[1], "short.png             0.2500    0.1250  14, 14       a,b.png at 2, 1");
  assert.is(lines[2], "much-longer-name.png  0.0000    0.1250  14, 14       a,b.png at 2, 1");
});

test("a match on grids of its own is counted in their rows and columns", () => {
  const match = {
    ...record("a.png").match!,
    query_patch: 8,
    query_grid: [3, 5],
    prompt_grid: [2, 4],
  } as const;
  const [, line] = write("table", [{ ...record("a.png"), match: { ...match, patch: 8 + 6 } }]).split("\n");
  assert.match(line, / {2}2, 4 +a,b\.png at 2, 3$/);
});

test("the table shows s_i and s_a where the model has them", () => {
  const full = { ...header, heads: "h.safetensors", class: "candle" };
  const row = { ...record("x.png"), image_residual: 0.5, text: 0.75 };
  const [first, second] = write("table", [row], footer, full).split("\n");
  assert.match(first, "residual  image_residual    text");
  assert.match(second, /0\.5000 +0\.7500/);
});

test("columns are those of the parts that the method names", () => {
  const row = { ...record("x.png"), residual: null, text: 0.75, parts: { visual: 0.5 }, match: null };
  const head = { ...header, class: "candle" };
  assert.equal(write("table", [row, { ...row, text: 1 }], footer, head).split("\n"), [
    "image   score    text  visual  row, column  nearest normal patch",
    "x.png  0.2500  0.7500  0.5000  -            -",
    "x.png  0.2500  1.0000  0.5000  -            -",
    "",
  ]);
  const [titles, first] = parseCsv(write("csv", [row]));
  const cells = Object.fromEntries(titles.map((title, i) => [title, first[i]]));
  assert.equal([cells.text, cells.residual, cells.visual], ["0.75", "", "0.5"]);
  assert.is(titles.at(-1), "visual", "the columns of every method come first");
});

test("a run without results has the titles that every method has", () => {
  assert.is(write("table", []), "image   score  row, column  nearest normal patch\n");
  assert.equal(parseCsv(write("csv", []))[0].slice(0, 6), [
    ...["image", "score", "residual", "image_residual", "text", "phi"],
  ]);
});

test.run();
