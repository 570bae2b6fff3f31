import type { Contestant } from "../bench.js";
import type { Case } from "../case.js";

const MODEL = "deit_tiny_patch16_224";

export const trainStep: Case = {
  name: "train-step",
  title: "A step of training the heads, DeiT-Tiny's features in the cache",
  async *run(bench) {
    const [batch, shots] = bench.quick ? [4, 1] : [48, 4];
    const step = (remembered: boolean): Contestant => ({
      subject: "ours",
      process: "ours",
      task: "trainStep",
      sizes: { model: MODEL, batch, shots, remembered },
      size: `${batch} images, K = ${shots}, pairs ${remembered ? "seen before" : "new"}`,
      units: { count: 1, unit: "steps/s" },
    });
    yield* await bench.compare({
      case: "train-step",
      size: `${batch} images`,
      unit: "steps/s",
      contestants: bench.quick ? [step(true)] : [step(false), step(true)],
    });
  },
};
