import { add, concat, mean, mul, normalize, reshape, scope, sum, type Tensor } from "@inctrl/tensor";
import {
  type BankInfo,
  bankInfo,
  DetectError,
  type Detector,
  defineMethod,
  type Encoder,
  type FittedDetector,
  readBank,
  readingOf,
  writeBank,
} from "../../src/index.js";

const NAME = "mean-feature";

/** Half of 1 - cosine of the class feature to the mean class feature of the prompts. It matches no patches. */
export function meanFeature(encoder: Encoder): Detector {
  const { embedDim } = encoder.backbone;
  /** @param center mean of the normalised class features, [embedDim]. */
  const fitted = (info: BankInfo, center: Tensor): FittedDetector => ({
    ...{ detector, prompts: info.prompts, reading: readingOf(info) },
    async score({ features, layouts: [{ rows, columns }] }) {
      const distances = scope(() => {
        const direction = normalize(reshape(center, [1, -1]));
        return add(mul(sum(mul(normalize(features), direction), 1), -0.5), 0.5);
      });
      const scores = await distances.data().finally(() => distances.dispose());
      return Array.from(scores, (score) => ({
        ...{ score, parts: { distance: score }, matches: null },
        map: { rows, columns, values: new Float32Array(rows * columns).fill(score) },
      }));
    },
    save: (path, entries) => writeBank(path, info, { center }, entries),
    dispose: () => center.dispose(),
    [Symbol.dispose]: () => center.dispose(),
  });
  const detector: Detector = {
    ...{ name: NAME, encoder, symmetries: 1 },
    settings: async () => ({}),
    async fit(prompts) {
      if (prompts.length === 0) throw new DetectError("shots", "there are no prompts");
      const center = scope(() => mean(normalize(concat(prompts.map(({ features }) => features))), 0));
      return fitted(bankInfo(encoder, prompts, { kind: NAME }), center);
    },
    async load(path) {
      const shapes = new Map([["center", [embedDim]]]);
      const { info, tensors } = await readBank(path, encoder, NAME, () => shapes);
      return fitted(info, tensors.get("center") as Tensor);
    },
  };
  return detector;
}

export const meanFeatureMethod = defineMethod({
  name: NAME,
  title: "the distance to the mean class feature",
  options: {},
  create: meanFeature,
});
