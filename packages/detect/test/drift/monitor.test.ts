import { generator } from "@inctrl/testing";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { judgeOf } from "../../src/calibration/record.js";
import type { ImageFacts } from "../../src/drift/facts.js";
import { type DriftBaseline, DriftMonitor, type DriftState } from "../../src/drift/monitor.js";
import { driftText, unfollowedText } from "../../src/drift/text.js";

/** A part of a line whose quantities are normal, as standard deviations from their mean. */
interface Part {
  readonly score?: number;
  readonly brightness?: number;
  readonly contrast?: number;
  readonly sharpness?: number;
  readonly patches?: number;
  readonly feature?: number;
}

/** Standard normal values by Box and Muller. */
function normals(seed: number): () => number {
  const next = generator(seed);
  return () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Parts of a line, moved by some standard deviations. */
function parts(seed: number, count: number, by: Part = {}): { score: number; facts: ImageFacts }[] {
  const normal = normals(seed);
  return Array.from({ length: count }, () => ({
    score: 0.1 + 0.01 * (normal() + (by.score ?? 0)),
    facts: {
      brightness: 120 + 3 * (normal() + (by.brightness ?? 0)),
      contrast: 40 + 2 * (normal() + (by.contrast ?? 0)),
      sharpness: 0.5 + 0.05 * (normal() + (by.sharpness ?? 0)),
      patches: 0.03 + 0.001 * (normal() + (by.patches ?? 0)),
      feature: 0.05 + 0.002 * (normal() + (by.feature ?? 0)),
    },
  }));
}

function baselineOf(seed: number, count: number): DriftBaseline {
  const seen = parts(seed, count);
  return {
    ...{ status: "calibrated", alpha: 0.01 },
    scores: seen.map(({ score }) => score),
    facts: seen.map(({ facts }) => facts),
  };
}

/** The state after steady parts, then after moved ones, and how many of these it took to see it. */
function after(by: Part, count = 150): { state: DriftState; seenAfter: number } {
  const monitor = new DriftMonitor(baselineOf(1, 199));
  for (const { score, facts } of parts(2, 300)) monitor.add(score, facts);
  assert.is(monitor.state.cause, null);
  let seenAfter = Number.POSITIVE_INFINITY;
  for (const [i, { score, facts }] of parts(3, count, by).entries()) {
    monitor.add(score, facts);
    if (monitor.state.cause !== null) seenAfter = Math.min(seenAfter, i + 1);
  }
  return { state: monitor.state, seenAfter };
}

const NAMED: readonly (readonly [DriftState["cause"], Part])[] = [
  ["light", { brightness: -8, contrast: -2, score: 3, patches: 10 }],
  ["light", { contrast: -3 }],
  ["camera", { sharpness: -8, contrast: -1, score: 1 }],
  ["camera", { patches: 5, score: 2 }],
  ["product", { score: 1.5 }],
  ["product", { feature: 4 }],
  ["camera", { feature: 4, patches: 4 }],
  ["product", { score: -1.5 }],
  ["product", { score: 40, brightness: -28, contrast: 20, sharpness: -7, patches: 480 }],
];

for (const [cause, by] of NAMED) {
  test(`${JSON.stringify(by)} is a drift of the ${cause}, seen within 150 parts`, () => {
    const { state, seenAfter } = after(by);
    assert.is(state.cause, cause, driftText(state) ?? "steady");
    assert.ok(seenAfter <= 150, `${seenAfter}`);
  });
}

test("half of all parts above the 90th percentile are seen by the chart within 50", () => {
  const monitor = new DriftMonitor(baselineOf(1, 199));
  let part = 0;
  // Every other part has a defect.
  while (monitor.state.rising < 1) monitor.add(part++ % 2 === 0 ? 0.2 : 0.1);
  assert.ok(part <= 50, `${part}`);
  assert.is(monitor.state.cause, "product");
});

test("a calibration of an earlier version lacks class features, and they are then not compared", () => {
  const baseline = baselineOf(1, 199);
  const early = baseline.facts!.map(({ feature: _, ...facts }) => facts);
  const stateOf = (of: DriftBaseline) => {
    const monitor = new DriftMonitor(of);
    for (const { score, facts } of parts(2, 100, { feature: 40 })) monitor.add(score, facts);
    return monitor.state;
  };
  const { cause, tests } = stateOf({ ...baseline, facts: early });
  assert.equal(
    [cause, tests.map(({ name }) => name)],
    [null, ["score", "brightness", "contrast", "sharpness", "patches"]],
  );
  const now = stateOf(baseline);
  assert.is(now.cause, "product");
  assert.match(driftText(now)!, /^drift \(product\): .*; distance of class features 0\.0\d+ -> 0\.1\d+ \(\+/);
  // One more quantity shares the chance of false alarms, so that each must lie farther off.
  const least = (facts: readonly ImageFacts[]) => {
    const monitor = new DriftMonitor({ ...baseline, facts });
    const limits = Array.from({ length: 60 }, (_, i) => {
      for (const { score, facts } of parts(500 + i, monitor.window, { score: 0.02 * i }))
        monitor.add(score, facts);
      return monitor.state.tests[0];
    });
    return Math.min(...limits.filter(({ moved }) => moved).map(({ distance }) => distance));
  };
  assert.ok(least(baseline.facts!) >= least(early));
});

test("facts of whole views of an earlier version are not compared with those of a region", () => {
  const { facts, scores } = baselineOf(1, 199);
  const regional = facts!.map((each) => ({ ...each, regional: true as const }));
  const images = (of: readonly ImageFacts[]) =>
    of.map((each, i) => ({
      name: `${i}`,
      sha256: null,
      part: `${i}`,
      score: scores[i],
      peak: 0.1,
      facts: each,
    }));
  const baseline = (of: readonly ImageFacts[], settings: Record<string, string>) =>
    judgeOf({ version: 1, alpha: 0.01, review: 0.05, images: images(of), settings }).baseline;
  const region = { region: "sum" };
  assert.equal(
    [baseline(facts!, region).facts, baseline(regional, region).facts, baseline(facts!, {}).facts],
    [null, regional, facts],
  );
  assert.match(unfollowedText(baseline(facts!, region))!, /^by scores alone, .*; calibrate it again$/);
  assert.is(unfollowedText(baseline(regional, region)), null);
  // A ledger of before the bank was calibrated by this version.
  const monitor = new DriftMonitor(baseline(regional, region), { window: 50 });
  for (const { score, facts } of parts(2, 50, { brightness: 40 })) monitor.add(score, facts);
  assert.equal([monitor.state.cause, monitor.state.tests.map(({ name }) => name)], [null, ["score"]]);
});

test("an alarm ends once parts are as before", () => {
  const monitor = new DriftMonitor(baselineOf(1, 199));
  for (const { score, facts } of parts(2, 150, { score: 3 })) monitor.add(score, facts);
  assert.is(monitor.state.cause, "product");
  for (const { score, facts } of parts(3, 400)) monitor.add(score, facts);
  assert.is(monitor.state.cause, null, driftText(monitor.state) ?? "");
});

test("of lines of 10,000 steady parts no more than one in twenty alarms, for few and many calibration images", () => {
  for (const [count, lines] of [
    [20, 6],
    [199, 6],
  ]) {
    let alarms = 0;
    for (let line = 0; line < lines; line++) {
      const monitor = new DriftMonitor(baselineOf(1000 + line, count));
      let alarmed = false;
      for (const { score, facts } of parts(2000 + line, 10_000)) {
        monitor.add(score, facts);
        alarmed ||= monitor.alarmed;
      }
      alarms += Number(alarmed);
    }
    // With 5% each, 6 lines have more than 2 alarms in 2 of 1000 cases.
    assert.ok(alarms <= 2, `${alarms} of ${lines} lines with ${count} calibration images`);
  }
});

test("scores that are not finite count as no part, and facts may be absent", () => {
  const monitor = new DriftMonitor({ ...baselineOf(1, 50), facts: null }, { window: 10 });
  for (const score of [Number.NaN, Number.POSITIVE_INFINITY]) monitor.add(score);
  assert.is(monitor.state.parts, 0);
  assert.is(monitor.state.hits, null);
  for (const { score } of parts(2, 10)) monitor.add(score);
  assert.equal(
    monitor.state.tests.map(({ name }) => name),
    ["score"],
  );
});

test("the line tells the cause with numbers, and nothing while all is steady", () => {
  const { state } = after({ brightness: -8 });
  assert.match(
    driftText(state)!,
    /^drift \(light\): the light has changed; brightness 1[12]\d -> 9\d[.\d]* \(-[789]\.\d s\.d\.\)$/,
  );
  assert.is(driftText(new DriftMonitor(baselineOf(1, 20)).state), null);
  const { state: risen } = after({ score: 3 });
  assert.match(driftText(risen)!, /of the last parts above the 90th percentile/);
});

test("a window of one part is refused", () => {
  assert.throws(() => new DriftMonitor(baselineOf(1, 20), { window: 1 }), /take 2 or more/);
});

test.run();
