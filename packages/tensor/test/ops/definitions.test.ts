import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { TensorError } from "../../src/errors.js";
import type { Op } from "../../src/ops/define.js";
import type { ElementwiseOp, Operand } from "../../src/ops/elementwise-run.js";
import * as ops from "../../src/ops/index.js";
import { scope } from "../../src/scope.js";
import { deviceTests, FAMILIES } from "../support.js";
import { checkForward } from "./check-op.js";
import { SAMPLES } from "./samples.js";

const test = deviceTests(FAMILIES);

type AnyOp = Op<never[], unknown> & { row?: ElementwiseOp<Operand[]>["row"] };

const ALL = Object.entries(ops).filter(([, op]) => "definition" in op) as unknown as [string, AnyOp][];
for (const [name, op] of ALL) {
  // Elementwise ops have a test that knows more of them; samples.test.ts finds ops that nothing holds to their reference.
  if (op.row || !(name in SAMPLES)) continue;
  test(`${name} agrees with its reference`, async (device) => {
    for (const sample of SAMPLES[name](device)) await checkForward(device, op, sample);
  });
}

test("every op is exported under the name of its definition", () => {
  for (const [name, op] of ALL) assert.is(op.definition.name, name);
});

/** Arguments that no op takes. */
const wrong = (device: Device): unknown[][] => [
  [],
  [undefined, undefined],
  [null, null],
  ["text", "text"],
  [
    [1, 2],
    [1, 2],
  ],
  [tensor(device, [[1, 2]]), Number.NaN, Number.NaN],
];

test("wrong arguments are a TensorError", (device) => {
  scope(() => {
    for (const [name, op] of ALL) {
      for (const args of wrong(device)) {
        try {
          op(...(args as never[]));
        } catch (error) {
          assert.instance(error, TensorError, `${name}(${args}): ${error}`);
        }
      }
    }
  });
});

test.run();
