import type { Op } from "../../src/ops/define.js";
import * as ops from "../../src/ops/index.js";
import { checkGradient } from "../ops/check-op.js";
import { SAMPLES } from "../ops/samples.js";
import { deviceTests } from "../support.js";

// Elementwise ops have a test of their own beside this one.
const test = deviceTests();

for (const [name, op] of Object.entries(ops)) {
  if (!(name in SAMPLES)) continue;
  test(`the gradient of ${name} agrees with differences of its reference`, async (device) => {
    for (const sample of SAMPLES[name](device))
      await checkGradient(device, op as unknown as Op<never[], unknown>, sample);
  });
}

test.run();
