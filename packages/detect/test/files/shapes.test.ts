import { throwsCode } from "@inctrl/testing";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DrawStore } from "../../src/evaluation/draw-store.js";
import { readSealed, sealLine } from "../../src/files/sealed-lines.js";
import { checkFewShot } from "../../src/images/few-shot.js";
import { checkpointFacts } from "../../src/training/checkpoint.js";

const test = suite("files whose form is wrong");

/** A store from before there were checksums, with one part. */
function draws(part: object): string {
  const first = { format: "inctrl-evaluation", version: 1, settings: {} };
  const key = { category: "a", shots: 1, seed: 0, data: "0".repeat(64), prompts: ["p"] };
  const whole = { ...key, from: 0, scores: [0.5], seconds: 1, skipped: [], maps: [], ...part };
  return [first, { kind: "part", part: whole }].map((line) => `${JSON.stringify(line)}\n`).join("");
}

test("a part of a draw has whole maps, and words where words belong", async () => {
  const map = { owner: 0, box: { x: 0, y: 0, width: 1, height: 1 }, map: "AAAAAA==" };
  assert.ok(DrawStore.of("a.jsonl", draws({ maps: [map] }), {}));
  const wrong: object[] = [
    { maps: [{ ...map, map: "AAAA" }] },
    { maps: [{ ...map, map: "" }] },
    { maps: [{ ...map, map: 7 }] },
    { maps: [{ ...map, map: "AAAAAAAAAAA=" }] },
    { maps: [{ ...map, rows: 0 }] },
    { maps: [{ ...map, box: null }] },
    { skipped: [{ id: "a.png" }] },
  ];
  for (const part of wrong)
    await throwsCode(
      async () => DrawStore.of("a.jsonl", draws(part), {}),
      "evaluation",
      /line 2 is no result/,
    );
});

test("a log ends before a line that nests without end, which could not be written again", () => {
  const deep = `{"step":1,"loss":0.5,"x":${"[".repeat(9000)}${"]".repeat(9000)}}\n`;
  const { line } = sealLine({ step: 1 }, "");
  assert.is([...readSealed(line + deep)].length, 1);
  assert.is([...readSealed(deep)].length, 0);
});

test("a few-shot image has rows and columns", async () => {
  for (const shape of [
    [3, 0, 5],
    [3, 5, 0],
  ]) {
    const tensors = new Map([["0", { name: "0", dtype: "F32" as const, shape, byteLength: 0 }]]);
    const file = { path: "a.pt", tensors } as unknown as Parameters<typeof checkFewShot>[0];
    await throwsCode(async () => checkFewShot(file), "few-shot", /a\.pt: is no few-shot file/);
  }
});

test("a checkpoint says in numbers how many records its step has", async () => {
  const metadata = { format: "inctrl-checkpoint", step: "4", run: "{}", records: "many" };
  const file = { path: "a", metadata, sealed: false } as unknown as Parameters<typeof checkpointFacts>[0];
  await throwsCode(async () => checkpointFacts(file, {}), "checkpoint", /its description is damaged/);
});

test.run();
