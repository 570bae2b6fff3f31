import { deviceTests } from "@inctrl/testing/device";
import { resnetChecks } from "../../src/parity/resnet.js";
import { testGolden } from "../parity/support.js";

const test = deviceTests("parity of ResNets");

// Wide-ResNet-50-2, 69 million hashed values, is left to `inctrl parity`: it is ResNet-50 with twice the middle.
testGolden(
  test,
  "every map and feature of ResNet-18 and ResNet-50 is the reference's",
  "baselines-cnn",
  (device, folder) => resnetChecks(device, folder, (name) => !name.startsWith("wide")),
  48,
);

test.run();
