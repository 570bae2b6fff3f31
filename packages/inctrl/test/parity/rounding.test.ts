import { tensor } from "@inctrl/tensor";
import { deviceTests } from "@inctrl/testing/device";
import * as assert from "uvu/assert";
import { chanceOf, type IdleBiases, zeroIdle } from "../../src/parity/rounding.js";

const test = deviceTests("chance");

test("gradients of idle biases become zero, and no others change", async ({ device }) => {
  const names = ["h.projection1.weight", "h.projection1.bias", "h.projection3.bias"];
  const rows = [
    [1, -2],
    [1e-3, 0],
    [0, 0],
  ];
  const gradients = [tensor(device, rows), tensor(device, [2e-4, 5e-7, 0]), tensor(device, [1e-9])];
  const idle: IdleBiases = new Map();
  const cleaned = await zeroIdle(names, gradients, idle);
  // The first is small beside 2 x 3e-4, the second is not beside 1e-3 x 3e-4; the last layer has no norm behind it.
  assert.equal([...(await cleaned[1].data())], [0, Math.fround(5e-7), 0]);
  assert.equal([...(await cleaned[2].data())], [Math.fround(1e-9)]);
  assert.equal(
    await cleaned[0].toArray(),
    rows.map((row) => row.map(Math.fround)),
  );
  assert.equal([...idle.get("h.projection1.bias")!], [0]);
  for (const gradient of cleaned) gradient.dispose();
});

test("what chance can move, and how far", () => {
  const idle: IdleBiases = new Map([["h.projection1.bias", new Set([1])]]);
  const walk = { steps: 5, lr: 1e-3, idle, gradient: null };
  const near = (name: string, want: number[], more = {}) => {
    const got = chanceOf(name, want.length, { ...walk, ...more });
    got.forEach((value, i) => {
      assert.ok(Math.abs(value - want[i]) < 1e-9, `${name} ${i}: ${value}, not ${want[i]}`);
    });
  };
  near("h.projection1.bias", [0, 5e-3]);
  near("h.bn2.running_mean", [0, 1e-4 * (0.9 ** 3 + 2 * 0.9 ** 2 + 3 * 0.9 + 4)]);
  near("h.bn2.running_mean", [0, 0], { steps: 1 });
  near("h.bn2.running_var", [0, 0]);
  // Rounding of 1.2e-8 beside a gradient of 2e-8 is a tenth of a step; beside 0.1 it is nothing, and an exact 0 has none.
  near("h.projection2.weight", [0, 1e-2, 0], { gradient: Float32Array.of(0.1, 2e-8, 0) });
});

test.run();
