import * as assert from "uvu/assert";
import { type Device, nn, optim, type Tensor, tensor } from "../../src/index.js";
import { close, deviceTests, random, throwsCode } from "../support.js";

const test = deviceTests();

const SHAPES = [[3], [2, 2]] as const;
const STEPS = 5;

const startOf = (i: number): Float32Array => random(40 + i, 3 + i);
const gradientAt = (step: number, i: number): Float32Array => random(100 * step + i, 3 + i, -2, 2);

const parametersOn = (device: Device): nn.Parameter[] =>
  SHAPES.map((shape, i) => new nn.Parameter(tensor(device, startOf(i), shape)));

const gradientsOn = (device: Device, step: number): Tensor[] =>
  SHAPES.map((shape, i) => tensor(device, gradientAt(step, i), shape));

/** Five steps on the device beside a rule in float64, which returns the new value of one number. */
async function follows(
  device: Device,
  make: (parameters: nn.Parameter[]) => optim.Optimizer,
  rule: (value: number, g: number, state: number[], step: number) => number,
): Promise<void> {
  const parameters = parametersOn(device);
  using optimizer = make(parameters);
  const values = SHAPES.map((_, i) => [...startOf(i)]);
  const states = values.map((list) => list.map(() => [0, 0]));
  for (let step = 0; step < STEPS; step++) {
    optimizer.step(gradientsOn(device, step));
    for (const [i, list] of values.entries()) {
      const g = gradientAt(step, i);
      for (const j of list.keys()) list[j] = rule(list[j], g[j], states[i][j], step);
      close(await parameters[i].value.data(), list, { abs: 1e-6 }, `step ${step}`);
    }
  }
  assert.is(optimizer.steps, STEPS);
  for (const parameter of parameters) parameter.dispose();
}

test("SGD, plain, with weight decay and a rate by step", async (device) => {
  await follows(
    device,
    (p) => new optim.SGD(p, { lr: 0.1 }),
    (v, g) => v - 0.1 * g,
  );
  await follows(
    device,
    (p) => new optim.SGD(p, { lr: (step) => 0.1 / (step + 1), weightDecay: 0.5 }),
    (v, g, _, step) => v - (0.1 / (step + 1)) * (g + 0.5 * v),
  );
});

test("SGD with momentum", async (device) => {
  await follows(
    device,
    (p) => new optim.SGD(p, { lr: 0.05, momentum: 0.9, weightDecay: 0.1 }),
    (v, g, state) => {
      state[0] = 0.9 * state[0] + g + 0.1 * v;
      return v - 0.05 * state[0];
    },
  );
});

/** Algorithm 1 of Kingma and Ba, in its own order. */
function adam(v: number, g: number, state: number[], step: number, [b1, b2, lr, eps]: number[]): number {
  state[0] = b1 * state[0] + (1 - b1) * g;
  state[1] = b2 * state[1] + (1 - b2) * g * g;
  const [m, s] = [state[0] / (1 - b1 ** (step + 1)), state[1] / (1 - b2 ** (step + 1))];
  return v - (lr * m) / (Math.sqrt(s) + eps);
}

test("Adam, with weight decay in the gradient", async (device) => {
  await follows(
    device,
    (p) => new optim.Adam(p, { lr: 0.1 }),
    (v, g, state, step) => adam(v, g, state, step, [0.9, 0.999, 0.1, 1e-8]),
  );
  await follows(
    device,
    (p) => new optim.Adam(p, { lr: 0.1, betas: [0.5, 0.8], eps: 1e-3, weightDecay: 0.2 }),
    (v, g, state, step) => adam(v, g + 0.2 * v, state, step, [0.5, 0.8, 0.1, 1e-3]),
  );
});

test("AdamW, with weight decay apart from the gradient", async (device) => {
  await follows(
    device,
    (p) => new optim.AdamW(p, { lr: 0.1, weightDecay: 0.2 }),
    (v, g, state, step) => adam(v * (1 - 0.1 * 0.2), g, state, step, [0.9, 0.999, 0.1, 1e-8]),
  );
  await follows(
    device,
    (p) => new optim.AdamW(p, { lr: 0.1 }),
    (v, g, state, step) => adam(v * (1 - 0.1 * 0.01), g, state, step, [0.9, 0.999, 0.1, 1e-8]),
  );
});

const MAKES: [string, (parameters: nn.Parameter[]) => optim.Optimizer][] = [
  ["SGD", (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 })],
  ["Adam", (p) => new optim.Adam(p, { lr: optim.cosine(0.1, 8) })],
];

for (const [name, make] of MAKES) {
  test(`${name} goes on from a saved state with the same bits`, async (device) => {
    const whole = parametersOn(device);
    using unbroken = make(whole);
    let half = whole;
    let optimizer = unbroken;
    for (let step = 0; step < 6; step++) {
      if (step === 3) {
        const copy = async (t: Tensor) => tensor(device, await t.data(), t.shape);
        const { step: at, slots } = unbroken.state();
        half = await Promise.all(whole.map(async ({ value }) => new nn.Parameter(await copy(value))));
        optimizer = make(half);
        optimizer.restore({
          step: at,
          slots: await Promise.all(
            slots.map(async (s) => ({ name: s.name, tensors: await Promise.all(s.tensors.map(copy)) })),
          ),
        });
        assert.is(optimizer.steps, 3);
      }
      unbroken.step(gradientsOn(device, step));
      if (optimizer !== unbroken) optimizer.step(gradientsOn(device, step));
    }
    for (const [i, { value }] of half.entries()) {
      close(await value.data(), await whole[i].value.data(), 0);
    }
    optimizer.dispose();
    for (const parameter of [...whole, ...half]) parameter.dispose();
  });
}

test("a state or gradients of another model are refused before anything is taken over", async (device) => {
  const parameters = parametersOn(device);
  using optimizer = new optim.Adam(parameters, { lr: 0.1 });
  using plain = new optim.SGD(parameters, { lr: 0.1 });
  const before = optimizer.state();
  await throwsCode(
    () => optimizer.restore(plain.state()),
    "argument",
    /holds nothing and .* keeps mean, square/,
  );
  await throwsCode(() => plain.restore(before), "argument", /holds mean, square and .* keeps nothing/);
  const [first, second] = before.slots;
  const turned = { ...second, tensors: [...second.tensors].reverse() };
  await throwsCode(
    () => optimizer.restore({ step: 9, slots: [first, turned] }),
    "shape",
    /square 0 is \[2, 2\] and must be \[3\]/,
  );
  await throwsCode(
    () => optimizer.restore({ step: 9, slots: [first, { ...second, tensors: [] }] }),
    "argument",
    /0 of "square" for 2 parameters/,
  );
  assert.is(optimizer.steps, 0);
  const gradients = gradientsOn(device, 0);
  await throwsCode(() => optimizer.step(gradients.slice(1)), "argument", /1 gradients for 2 parameters/);
  await throwsCode(
    () => optimizer.step([...gradients].reverse()),
    "shape",
    /gradient 0 is \[2, 2\] and must be \[3\]/,
  );
  assert.is(optimizer.steps, 0);
  close(await parameters[0].value.data(), startOf(0), 0);
  for (const t of [...gradients, ...parameters]) t.dispose();
});

test.run();
