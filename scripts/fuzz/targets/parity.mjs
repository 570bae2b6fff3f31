// What folders of reference values say in JSON.
import { parity } from "@inctrl/detect";
import { CHANNELS, drawChecks } from "../../../packages/baselines/src/parity/cnn/files.ts";
import { MADE } from "../../../packages/baselines/src/parity/cnn/folder.ts";
import { STEP } from "../../../packages/baselines/src/parity/cnn/regad-training.ts";
import { COOP_FACTS, factChecks } from "../../../packages/baselines/src/parity/coop.ts";
import { TOLERANCES } from "../../../packages/baselines/src/parity/golden.ts";
import { FULL_SIZE } from "../../../packages/baselines/src/parity/resnet.ts";
import { json, text } from "../seeds.mjs";

const factsOf = (check) => (bytes) => parity.factsIn(text(bytes), check, "file");
const summary = { norm: 1, sum: 0, max: 1, samples: [0.5] };
const size = { shots: 2, neighbours: 1, channels: 10, coreset: 0.1, dims: [8, 4] };
/** Forms of what a folder of reference values says, with an example each. */
const FACTS = [
  [MADE, { config: { salt: "", arch: "resnet18", ...size }, tolerances: { map: 1e-4 } }],
  [FULL_SIZE, { salt: "", models: { resnet18: { layer1: summary } } }],
  [TOLERANCES, { coop: { ids: { absolute: 0 }, query: { relative: 1e-3 } } }],
  [
    STEP,
    {
      ...{ mode: "affine", salt: "", loss: 0.5, optimiser: "SGD lr 0.02 momentum 0.9" },
      ...{ outputs: { fq: summary }, gradient: {}, after: { "a.b": summary } },
    },
  ],
];
function facts(bytes) {
  let refusal;
  for (const [check] of FACTS) {
    try {
      return void factsOf(check)(bytes);
    } catch (error) {
      if (error.code !== "parity") throw error;
      refusal = error;
    }
  }
  throw refusal;
}
const order = { end: [0, -1, 1, 2], front: [0, 1, -1, 2] };
const coopFacts = {
  prompts: [{ context: 1, name: "a", name_len: 1, ids: [1, 2, 3, 4], order }],
  rates: { 50: { 1: 0.002, 2: 1e-3 } },
  optimiser: { golden_rate: 0.5 },
};

export const PARITY = [
  ["facts of reference values", FACTS.map(([, example]) => json(example)), facts],
  ["facts of CoOp's values", [json(coopFacts)], (bytes) => void factChecks(factsOf(COOP_FACTS)(bytes))],
  [
    "channels that PaDiM draws",
    [json({ "20/5/7": [10, 4, 12, 1, 2] })],
    (bytes) => void drawChecks(factsOf(CHANNELS)(bytes)),
    1 / 5,
  ],
];
