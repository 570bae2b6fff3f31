import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHIPPED_MODEL, shippedModel } from "@inctrl/clip";
import { drawPrompts } from "@inctrl/datasets";
import { Encoder, evaluate, matchPatches, openBackbone, textScore } from "@inctrl/detect";
import { max, scope } from "@inctrl/tensor";
import { category, dataSet, maxError, throwsCode } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import { bankOf } from "@inctrl/testing/scoring";
import * as assert from "uvu/assert";
import type { Component } from "../../src/components.js";
import { type InctrlOptions, inctrl } from "../../src/detectors/inctrl.js";
import { residual } from "../../src/detectors/residual.js";
import { fuse } from "../../src/fusion.js";
import { residualMap } from "../../src/residual.js";
import { type Fixture, openFixture } from "./support.js";

const test = deviceTests("components");
const ALPHA = 0.5;
const ONE = category("one", { good: 1, bad: 1, train: 2 });
const DATA = { dataSet: dataSet(ONE), shots: [1], seeds: 1 };

/** The parts of the model for the category's test images, computed without a detector. */
async function partsOf({ backbone, heads, prototypes }: Fixture) {
  const encoder = new Encoder(backbone);
  using bank = await bankOf(encoder, drawPrompts(ONE.train, 1, 0));
  for await (const batch of encoder.encode(ONE.test)) {
    const made = scope(() => {
      const { features, taps } = batch;
      const map = residualMap(matchPatches(taps, bank.blocks).similarity);
      const promptFeature = heads.module.promptFeature(bank.features);
      const known = { features, map, residual: max(map, 1), promptFeature };
      const text = textScore(features, prototypes, backbone.logitScale);
      const full = fuse(heads.module, { ...known, textScore: text }, ALPHA);
      const alone = fuse(heads.module, { ...known, textScore: null }, ALPHA);
      return { map, p: known.residual, i: full.imageScore!, t: text, full: full.score, alone: alone.score };
    });
    const read = Object.entries(made).map(async ([name, t]) => [name, [...(await t.data())]] as const);
    const values = Object.fromEntries(await Promise.all(read));
    for (const t of Object.values(made)) t.dispose();
    batch.dispose();
    return values as Record<keyof typeof made, number[]>;
  }
  throw new Error("the test images make no batch");
}

test("every subset of the components, against the model's own parts", async ({ device }) => {
  using fixture = await openFixture(device, "made up");
  const { backbone, heads } = fixture;
  assert.ok(backbone.hasText);
  const { map, p, i, t, full, alone } = await partsOf(fixture);
  const means = (a: number[], b: number[]) => a.map((value, at) => (value + b[at]) / 2);
  const expected: [string, number[]][] = [
    ["P", p],
    ["I", i],
    ["T", t],
    ["I,T", means(i, t)],
    ["P,I", alone],
    ["P,I,T", full],
  ];
  const encoder = new Encoder(backbone);
  const scoresOf = async (wanted: string | undefined, more: InctrlOptions = {}) => {
    const components = wanted?.split(",") as Component[] | undefined;
    const detector = inctrl(encoder, { heads, alpha: ALPHA, components, ...more });
    const { categories } = await evaluate({ detector, ...DATA });
    return categories[0].draws[0].scores as number[];
  };
  for (const [wanted, values] of expected) {
    assert.ok(maxError(await scoresOf(wanted), values) < 2e-6, wanted);
  }
  assert.equal(await scoresOf(undefined), await scoresOf("T,I,P"), "all by default, in any order");
  const fusedText = await scoresOf("P,T");
  for (const [wanted, values] of expected) assert.ok(maxError(fusedText, values) > 1e-4, wanted);
  const bare = { heads: undefined };
  assert.ok(maxError(await scoresOf("P,T", bare), means(p, t)) < 2e-6);
  assert.ok(maxError(await scoresOf(undefined, bare), p) < 2e-6, "P by default without heads");

  const patches = map.length / 2;
  const top3 = [0, 1].map((at) => {
    const sorted = map.slice(at * patches, (at + 1) * patches).sort((a, b) => b - a);
    return (sorted[0] + sorted[1] + sorted[2]) / 3;
  });
  assert.ok(maxError(await scoresOf("P", { aggregate: "top3", heads: undefined }), top3) < 2e-6);
  assert.ok(maxError(top3, p) > 1e-5);
});

test("components without what they need, and aggregates that are none, are refused", async ({ device }) => {
  using fixture = await openFixture(device, "made up");
  const encoder = new Encoder(fixture.backbone);
  const { heads } = fixture;
  await throwsCode(() => inctrl(encoder, { components: ["I"] }), "heads", /component I needs trained heads/);
  await throwsCode(
    () => inctrl(encoder, { heads, components: [] }),
    "components",
    /choose some of P, I and T/,
  );
  for (const make of [inctrl, residual]) {
    await throwsCode(() => make(encoder, { aggregate: "top26" }), "evaluation", /top1 to top25/);
    await throwsCode(() => make(encoder, { aggregate: "top" as "max" }), "evaluation", /top1 to top25/);
  }
});

test("settings tell components, aggregate, alpha and what text scores depend on", async ({ device }) => {
  using fixture = await openFixture(device, "made up");
  const encoder = new Encoder(fixture.backbone);
  const { heads } = fixture;
  const p = { components: "P", aggregate: "max", alpha: "1" };
  assert.equal(await inctrl(encoder).settings(), p);
  assert.equal(
    await residual(encoder).settings(),
    p,
    "the residual is InCTRL's P, and reads its stored draws",
  );
  assert.equal(await residual(encoder, { aggregate: "top2" }).settings(), { ...p, aggregate: "top2" });
  assert.equal(await inctrl(encoder, { heads, alpha: 2 }).settings(), {
    ...{ components: "P,I,T", aggregate: "max", alpha: "2", text: "made up" },
  });
});

test("text scores at another scale are refused", async ({ device, folder }) => {
  const store = join(folder, "text.jsonl");
  const shipped = (await shippedModel(SHIPPED_MODEL))!;
  const config = JSON.parse(readFileSync(shipped.config!, "utf8"));
  const other = join(folder, "other.json");
  writeFileSync(other, JSON.stringify({ ...config, text_cfg: { ...config.text_cfg, logit_scale: 100 } }));
  const withText = async (json: string | undefined) => {
    using backbone = await openBackbone(device, SHIPPED_MODEL, { config: json });
    const detector = inctrl(new Encoder(backbone), { components: ["T"] });
    return await evaluate({ detector, ...DATA, store });
  };
  const first = await withText(undefined);
  assert.equal(await withText(undefined), first, "the same scale goes on");
  await throwsCode(() => withText(other), "evaluation", /text was "[0-9a-f]+" and now is "[0-9a-f]+"/);
});

test.run();
