// A training run to be killed: `child.ts OUT CACHE` prints each step's number.
import { openDevice } from "@inctrl/tensor";
import { smallBackbone } from "@inctrl/testing/device";
import { PairResiduals } from "../../src/training/pairs.js";
import { trainRun } from "../../src/training/run.js";
import { KILLED, tinyData } from "./support.js";

const [out, cache] = process.argv.slice(2);
const device = await openDevice();
const backbone = await smallBackbone(device);
const { store, data } = await tinyData(backbone, cache);
await trainRun(data, new PairResiduals(store), {
  ...KILLED,
  folder: out,
  // Slow enough to be killed in time.
  onStep: ({ step }) => {
    process.stdout.write(`${step}\n`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 150);
  },
});
