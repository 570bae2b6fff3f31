import { readFileSync } from "node:fs";
import { join } from "node:path";
import { drawPrompts } from "@inctrl/datasets";
import { category, dataSet, THREE_SHOT, throwsCode, timeless } from "@inctrl/testing";
import { backboneTests, fixtureBackbone } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { Encoder, evaluate, fitImages, lineRows, scoreImages } from "../../src/index.js";
import { evaluationOf, withLine } from "../report/support.js";
import { nearestPatch } from "../support/nearest-patch.js";

const test = backboneTests("lines of an evaluation", (device) => fixtureBackbone(device, THREE_SHOT));

test("a line is set by good training images that are no prompts, and changes nothing else", async ({
  folder,
  backbone,
}) => {
  const one = category("one", { masked: true, train: 6 });
  const detector = nearestPatch(new Encoder(backbone, { batch: 4 }));
  const options = { detector, dataSet: dataSet(one), shots: [1, 2], seeds: 2 };
  const without = await evaluate(options);
  const line = { images: 3, alpha: 0.25 };
  const evaluation = await evaluate({ ...options, line });
  for (const [i, draw] of evaluation.categories[0].draws.entries()) {
    const { calibration = [], seconds: _, ...rest } = draw;
    const { seconds: __, ...plain } = without.categories[0].draws[i];
    assert.equal(rest, plain);
    const order = drawPrompts(one.train, one.train.length, 0x11ce).slice(0, 5);
    const own = order.filter(({ id }) => !draw.prompts.includes(id)).slice(0, 3);
    const prompts = draw.prompts.map((id) => one.train.find((sample) => sample.id === id)!);
    using fitted = await fitImages(detector, prompts);
    const want: number[] = [];
    for await (const result of scoreImages(fitted, own))
      if (!("error" in result)) want.push(Number(result.score.toPrecision(9)));
    assert.equal(calibration, want);
  }
  // Small parts, stopped after the first of them; the rest is added to what is there.
  const store = join(folder, "draws.jsonl");
  const controller = new AbortController();
  const small = { ...options, line, store, featureBytes: 1 };
  const stopped = await evaluate({
    ...small,
    ...{ shots: [1], signal: controller.signal },
    onProgress: () => readFileSync(store, "utf8").split("\n").length > 4 && controller.abort(),
  });
  assert.is(stopped.complete, false);
  const more = timeless(await evaluate(small));
  const { settings, ...whole } = timeless(evaluation);
  assert.equal(more, { ...whole, settings: { ...settings, "good images for the line": "3" } });
  await throwsCode(
    () => evaluate({ ...options, store }),
    "evaluation",
    /good images for the line was "3" and now is none/,
  );
});

test("false alarms, misses and whether so many are unusual, by hand", () => {
  // Good test images 0.1 0.6 0.4 and 0.1 0.5 0.3, bad ones 0.3 0.7 and 0.4 0.7, the third without a score. The lines are 0.2 of three, of
  // which one in four lies above by chance, and 0.45 of two, which is provisional: one in three.
  const [row, ...others] = lineRows(withLine(evaluationOf()));
  assert.equal(others, []);
  assert.equal([row.category, row.shots, row.n, row.held, row.draws], ["screw", 2, 2, 2, 2]);
  for (const [got, want] of [
    [row.expected, (1 / 4 + 1 / 3) / 2],
    [row.falseAlarms, (2 / 3 + 1 / 3) / 2],
    [row.missed, (0 / 2 + 1 / 2) / 2],
  ] as const)
    assert.ok(Math.abs(Number(got) - want) < 1e-12, `${got} is not ${want}`);
  assert.equal(lineRows(evaluationOf()), []);
});

test.run();
