import { describeGradcheck, gradcheck, scope, tensor } from "@inctrl/tensor";
import { generator } from "@inctrl/testing";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { patchTargets } from "../../src/data/batch.js";
import { type CaptionedBatch, PretrainError } from "../../src/index.js";
import { groupsOf } from "../../src/loss/groups.js";
import { residualLoss } from "../../src/loss/residual.js";

const test = deviceTests("residual loss");

const [GROUPS, PATCHES, WIDTH] = [3, 4, 6];

/** Good and damaged images by turns, 8 pixels a side, one corner of each damaged one covered. */
function batchOf(count: number, group: number): CaptionedBatch {
  const damaged = Array.from({ length: count }, (_, i) => i % 2 === 1);
  const masks = new Uint8Array(count * 64);
  damaged.forEach((bad, i) => {
    if (bad) masks.fill(255, i * 64, i * 64 + 4);
  });
  const names = damaged.map(() => "nut");
  return {
    ...{ count, group, size: 8, pixels: new Uint8Array(count * 192), masks, damaged },
    ...{ captions: names, classNames: names, classIds: names },
  };
}

const softplus = (x: number) => Math.log1p(Math.exp(x));
const mean = (values: number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** Token of a tap as a unit vector. */
function token(tap: ArrayLike<number>, image: number, patch: number): number[] {
  const start = (image * PATCHES + patch) * WIDTH;
  const values = Array.from({ length: WIDTH }, (_, d) => tap[start + d]);
  const length = Math.hypot(...values);
  return values.map((v) => v / length);
}

/** 0.5 - half of the largest cosine to any patch of the prompts, mean over the taps. */
function residual(
  taps: readonly ArrayLike<number>[],
  image: number,
  patch: number,
  prompts: number[],
): number {
  const byTap = taps.map((tap) => {
    const query = token(tap, image, patch);
    const cosines = prompts.flatMap((prompt) =>
      Array.from({ length: PATCHES }, (_, p) =>
        token(tap, prompt, p).reduce((s, v, d) => s + v * query[d], 0),
      ),
    );
    return 0.5 - 0.5 * Math.max(...cosines);
  });
  return mean(byTap);
}

/** The whole loss, by plain loops. */
function plainLoss(taps: readonly ArrayLike<number>[], batch: CaptionedBatch): number {
  const { group } = batch;
  const map = (image: number, prompts: number[]) =>
    Array.from({ length: PATCHES }, (_, p) => residual(taps, image, p, prompts));
  const { labels, weights } = patchTargets(batch, 4);
  const logOf = (residual: number) => Math.log(residual + 1e-3);
  let byPatch = 0;
  const byImage: number[] = [];
  for (let g = 0; g < GROUPS; g++) {
    const images = Array.from({ length: group }, (_, i) => group * g + i);
    const prompts = images.filter((_, i) => i % 2 === 0);
    const residuals = images.flatMap((image) =>
      map(
        image,
        prompts.filter((prompt) => prompt !== image),
      ),
    );
    const start = group * g * PATCHES;
    const sides = [1, -1].map((label) =>
      mean(residuals.filter((_, i) => labels[start + i] === label && weights[start + i] > 0).map(logOf)),
    );
    residuals.forEach((value, i) => {
      const certain = logOf(value) - mean(sides);
      byPatch += weights[start + i] * softplus(-labels[start + i] * certain);
    });
    const largest = (image: number, label: number) =>
      Math.max(
        ...residuals.filter((_, i) => Math.floor(i / PATCHES) === image && labels[start + i] === label),
      );
    for (let good = 0; good < group; good += 2) {
      for (let bad = 1; bad < group; bad += 2) {
        byImage.push(softplus(3 * (logOf(largest(good, -1)) - logOf(largest(bad, 1)))));
      }
    }
  }
  return 0.5 * (byPatch + mean(byImage));
}

for (const group of [4, 6]) {
  test(`is what plain loops make of the patches, in groups of ${group}, and so are its gradients`, async ({
    device,
  }) => {
    const shape = [group * GROUPS, PATCHES, WIDTH];
    const batch = batchOf(group * GROUPS, group);
    const next = generator(8);
    const inputs = [0, 1].map(() => ({
      shape,
      values: Array.from({ length: group * GROUPS * PATCHES * WIDTH }, () => next() - 0.3),
    }));
    const report = await gradcheck(device, (...taps) => residualLoss(taps, batch, 4), inputs, {
      reference: (...taps) => [plainLoss(taps, batch)],
      tolerance: 2e-5,
    });
    assert.ok(report.ok, describeGradcheck(report));
    const loss = scope(() =>
      residualLoss(
        inputs.map(({ values }) => tensor(device, values, shape)),
        batch,
        4,
      ),
    );
    const [got, want] = [
      await loss.item(),
      plainLoss(
        inputs.map(({ values }) => values),
        batch,
      ),
    ];
    loss.dispose();
    assert.ok(Math.abs(got - want) < 2e-6 * want, `got ${got}, want ${want}`);
  });
}

test("batches that are not made of groups are refused", () => {
  const refused = (count: number, group: number) =>
    assert.throws(
      () => groupsOf(batchOf(count, group)),
      (error: unknown) => error instanceof PretrainError && error.code === "batch",
    );
  refused(3, 4);
  refused(6, 4);
  refused(6, 3);
  refused(6, 2);
});

test.run();
