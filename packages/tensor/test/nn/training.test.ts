import * as assert from "uvu/assert";
import { type Device, mean, nn, optim, relu, square, sub, tensor } from "../../src/index.js";
import { deviceTests, generator, valuesOf } from "../support.js";

const test = deviceTests();

/** Points around the corners of a square, labelled by whether their signs differ. */
function corners(device: Device) {
  const next = generator(4);
  const around = (side: number) => (side % 2 === 0 ? 1 : -1) + 0.8 * (next() - 0.5);
  const points = Array.from({ length: 64 }, (_, i) => [around(i), around(i >> 1)]);
  return {
    x: tensor(device, points),
    y: tensor(
      device,
      points.map(([a, b]) => [a * b < 0 ? 1 : 0]),
    ),
  };
}

async function train(device: Device, steps: number) {
  const { x, y } = corners(device);
  using net = new nn.Sequential(
    new nn.Linear(2, 16, { seed: 1 }),
    new nn.BatchNorm(16),
    relu,
    new nn.Linear(16, 1, { seed: 1, stream: 1 }),
  )
    .to(device)
    .train();
  using optimizer = new optim.AdamW(net.parameters(), { lr: optim.cosine(0.05, steps) });
  for (let step = 0; step < steps; step++) {
    const { value, gradients } = nn.gradientsOf(net.parameters(), () => mean(square(sub(net.forward(x), y))));
    optimizer.step(optim.clipGradients(gradients, 5));
    value.dispose();
  }
  net.train(false);
  const loss = (await valuesOf(() => mean(square(sub(net.forward(x), y)))))[0];
  const weights = await Promise.all([...net.stateDict().values()].map((t) => t.data()));
  for (const t of [x, y]) t.dispose();
  return { loss, weights: weights.map((w) => [...w]) };
}

test("a network with batch normalisation learns XOR, and a second training gives the same bits", async (device) => {
  const first = await train(device, 80);
  // Predicting the mean gives 0.25.
  assert.ok(first.loss < 0.01, `${first.loss}`);
  assert.equal(await train(device, 80), first);
});

test.run();
