import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { foldLayerNorm, matmul, prepareTuning, ruleOf, scope, tensor } from "../src/index.js";
import { gemmCandidates, planGemm, planNearest, ruleTiles } from "../src/kernels/plan.js";
import { RULE_KEY, tuningKey } from "../src/kernels/tuning.js";
import { deviceTests, random } from "./support.js";

// The family that has more than one rule.
const test = deviceTests(["subgroup"]);

test("without a measured rule the default plans; with one, its tiles do, and a tile of tune's for the shape wins", ({
  caps,
}) => {
  const [byDefault, other] = ruleTiles(caps);
  assert.ok(byDefault.steps !== other.steps);
  const tuning = new Map([[RULE_KEY, other]]);
  assert.equal(planGemm(226, 896, 3584, caps), byDefault);
  assert.equal(planGemm(226, 896, 3584, caps, tuning), other);
  const { tile } = planNearest(225, 896, 900, caps, tuning);
  assert.ok(tile.steps === other.steps && tile.rows <= other.rows);
  const shape = gemmCandidates(caps).find(({ rows }) => rows === 40)!;
  tuning.set(tuningKey(226, 896, 3584), shape);
  assert.equal(planGemm(226, 896, 3584, caps, tuning), shape);
});

test("a product and a layer norm within it have the same bits under every rule", async (device) => {
  const [m, k, n] = [16, 66, 128];
  const run = async (rule: ReturnType<typeof ruleTiles>[number]) => {
    device.tuning.set(RULE_KEY, rule);
    assert.is(planGemm(m, k, n, device.caps, device.tuning).steps, rule.steps);
    const [plain, normed] = scope(() => {
      const x = tensor(device, random(1, m * k), [m, k]);
      const weight = tensor(device, random(2, n * k), [n, k]);
      const norm = { weight: tensor(device, random(3, k)), bias: tensor(device, random(4, k)) };
      const folded = foldLayerNorm(weight, tensor(device, random(5, n)), norm);
      return [
        matmul(x, weight, { transposeB: true }),
        matmul(x, folded.matrix, { bias: folded.bias, layerNorm: {} }),
      ];
    });
    const bits = [...(await plain.data()), ...(await normed.data())];
    plain.dispose();
    normed.dispose();
    return bits;
  };
  const [first, second] = ruleTiles(device.caps);
  const want = await run(first);
  assert.equal(await run(second), want);
  device.tuning.clear();
});

test("the first use measures and keeps the rule, the second reads it; a folder that cannot be written costs one line", async (device) => {
  const folder = mkdtempSync(join(tmpdir(), "inctrl-rule-"));
  try {
    assert.is(ruleOf(device)?.measured, false);
    const path = join(folder, "kept", "tiles.json");
    assert.is(await prepareTuning(device, path, { measure: false }), null);
    const lines: string[] = [];
    const options = { onNotice: (text: string) => void lines.push(text) };
    const found = await prepareTuning(device, path, options);
    assert.ok(found && found.candidates === 2 && found.bestMs > 0 && found.bestMs <= found.plannedMs);
    assert.equal(JSON.parse(readFileSync(path, "utf8")).tiles, { [RULE_KEY]: found.best });
    device.tuning.clear();
    assert.is(await prepareTuning(device, path, options), null);
    assert.equal(ruleOf(device), { tile: found.best, measured: true });
    device.tuning.clear();
    assert.equal(lines, []);
    writeFileSync(join(folder, "file"), "");
    await prepareTuning(device, join(folder, "file", "tiles.json"), options);
    assert.is(lines.length, 1);
    assert.match(lines[0], /not kept.*again next time/);
    assert.is(ruleOf(device)?.measured, true);
  } finally {
    device.tuning.clear();
    rmSync(folder, { recursive: true });
  }
});

test.run();
