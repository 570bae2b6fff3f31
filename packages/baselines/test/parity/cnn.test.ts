import { deviceTests } from "@inctrl/testing/device";
import { cnnChecks } from "../../src/parity/cnn/index.js";
import { testGolden } from "./support.js";

const test = deviceTests("parity of CNN methods");

testGolden(
  test,
  "SPADE, PaDiM, PatchCore, RegAD and single operations: every value is the reference's",
  "baselines-cnn",
  cnnChecks,
  499,
);

test.run();
