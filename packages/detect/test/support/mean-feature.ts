import { add, concat, mean, mul, normalize, reshape, scope, sum, type Tensor } from "@inctrl/tensor";
import {
  type BankInfo,
  bankInfo,
  DetectError,
  type Detection,
  type Detector,
  type Encoder,
  type Features,
  type FittedDetector,
  readBank,
  writeBank,
} from "../../src/index.js";

const NAME = "mean-feature";

/** Half of 1 - cosine of the class feature to the mean class feature of the prompts. It matches no patches. */
export function meanFeature(encoder: Encoder): Detector {
  const { backbone } = encoder;
  const detector: Detector = {
    ...{ name: NAME, encoder, symmetries: 1 },
    settings: async () => ({}),
    async fit(prompts) {
      if (prompts.length === 0) throw new DetectError("shots", "there are no prompts");
      const center = scope(() => mean(normalize(concat(prompts.map(({ features }) => features))), 0));
      return new FittedMean(detector, bankInfo(encoder, prompts, { kind: NAME }), center);
    },
    async load(path) {
      const shapes = new Map([["center", [backbone.config.embedDim]]]);
      const { info, tensors } = await readBank(path, encoder, NAME, () => shapes);
      return new FittedMean(detector, info, tensors.get("center") as Tensor);
    },
  };
  return detector;
}

class FittedMean implements FittedDetector {
  readonly detector: Detector;
  readonly #info: BankInfo;
  /** Mean of the normalised class features, [embedDim]. */
  readonly #center: Tensor;

  constructor(detector: Detector, info: BankInfo, center: Tensor) {
    this.detector = detector;
    this.#info = info;
    this.#center = center;
  }

  get prompts() {
    return this.#info.prompts;
  }

  async score({ features }: Features): Promise<Detection[]> {
    const distances = scope(() => {
      const center = normalize(reshape(this.#center, [1, -1]));
      return add(mul(sum(mul(normalize(features), center), 1), -0.5), 0.5);
    });
    const scores = await distances.data().finally(() => distances.dispose());
    const { grid, patches } = this.detector.encoder.backbone;
    return Array.from(scores, (score) => ({
      ...{ score, parts: { distance: score }, matches: null },
      map: { ...grid, values: new Float32Array(patches).fill(score) },
    }));
  }

  save(path: string): Promise<void> {
    return writeBank(path, this.#info, { center: this.#center });
  }

  dispose(): void {
    this.#center.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
