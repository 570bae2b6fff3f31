import * as assert from "uvu/assert";
import { withTape } from "../../src/autograd/tape.js";
import {
  add,
  argmax,
  checkpoint,
  customVjp,
  detach,
  exp,
  grad,
  matmul,
  mul,
  nearest,
  noGrad,
  packBank,
  packMatrix,
  round,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  valueAndGrad,
} from "../../src/index.js";
import { close, deviceTests, throwsCode } from "../support.js";

const test = deviceTests();

test("valueAndGrad keeps the form of its parameters, and what the function returns beside the value", async (device) => {
  const [w, b] = [tensor(device, [1, 2]), tensor(device, 3)];
  const made = valueAndGrad((p: { w: Tensor; b: Tensor }) => {
    const y = add(square(p.w), p.b);
    return [sum(y), y] as const;
  })({ w, b });
  assert.is(await made.value.item(), 11);
  close(await made.rest.data(), [4, 7], 0);
  close(await made.gradients.w.data(), [2, 4], 0);
  assert.is(await made.gradients.b.item(), 2);
  for (const t of [w, b, made.value, made.rest, made.gradients.w, made.gradients.b]) t.dispose();
});

test("a parameter used twice sums its gradients; one that is not used has zeros", async (device) => {
  const [x, y] = [tensor(device, [2, 3]), tensor(device, [1, 1])];
  const [gx, gy] = grad(([a]: readonly Tensor[]) => sum(mul(a, add(a, a))))([x, y]);
  close(await gx.data(), [8, 12], 0);
  close(await gy.data(), [0, 0], 0);
  for (const t of [x, y, gx, gy]) t.dispose();
});

test("detach, noGrad and whole-number ops stop the gradient", async (device) => {
  const x = tensor(device, [2, 3]);
  const stopped = grad((a: Tensor) => sum(mul(a, detach(a))))(x);
  close(await stopped.data(), [2, 3], 0);
  const still = (a: Tensor) => noGrad(() => square(a));
  const quiet = grad((a: Tensor) => sum(add(a, still(a))))(x);
  close(await quiet.data(), [1, 1], 0);
  const rounded = grad((a: Tensor) => sum(add(round(a), argmaxAsFloat(a))))(x);
  close(await rounded.data(), [0, 0], 0);
  for (const t of [x, stopped, quiet, rounded]) t.dispose();
});

const argmaxAsFloat = (x: Tensor): Tensor => mul(tensor(x.device, [1]), noGrad(() => argmax(x)).shape.length);

test("a checkpoint gives the same gradient and holds only its inputs", async (device) => {
  const x = tensor(device, [0.5, -1]);
  const f = (a: Tensor) => exp(square(mul(a, 2)));
  const plain = grad((a: Tensor) => sum(f(a)))(x);
  const light = grad((a: Tensor) => sum(checkpoint(f, a)))(x);
  close(await light.data(), await plain.data(), 0);
  const held = (inside: (a: Tensor) => Tensor): number =>
    withTape((tape) => {
      tape.watch([x]);
      const before = device.memory().tensors;
      const out = scope(() => inside(x));
      const more = device.memory().tensors - before - 1;
      out.dispose();
      return more;
    });
  assert.is(
    held((a) => checkpoint(f, a)),
    1,
  );
  assert.ok(held(f) > 1);
  for (const t of [x, plain, light]) t.dispose();
});

test("customVjp uses the given gradient and checks its shape", async (device) => {
  const x = tensor(device, [1.4, 2.6]);
  const straight = customVjp(
    (a) => round(a),
    (g) => [mul(g, 10)],
  );
  const got = grad((a: Tensor) => sum(straight(a)))(x);
  close(await got.data(), [10, 10], 0);
  const wrong = customVjp(
    (a) => round(a),
    (g) => [sum(g)],
  );
  await throwsCode(
    () => grad((a: Tensor) => sum(wrong(a)))(x),
    "shape",
    /gradient of input 0 is \[\] and must be \[2\]/,
  );
  x.dispose();
  got.dispose();
});

test("what cannot be differentiated says so by name, and nothing leaks", async (device) => {
  const x = tensor(device, [[1, 2]]);
  await throwsCode(() => grad((a: Tensor) => square(a))(x), "shape", /not one value; reduce it/);
  const packed = scope(() => packMatrix(tensor(device, [[1], [1]])));
  await throwsCode(() => grad((a: Tensor) => sum(matmul(a, packed)))(x), "argument", /packed weight/);
  await throwsCode(
    () => grad((a: Tensor) => sum(matmul(x, packMatrix(a, { transposed: true }))))(x),
    "argument",
    /^pack: no gradient flows back/,
  );
  const bank = packBank(x);
  await throwsCode(
    () => grad((a: Tensor) => sum(nearest(a, bank).similarity))(x),
    "argument",
    /nearest in a packed bank: no gradient/,
  );
  bank.dispose();
  x.dispose();
  packed.dispose();
});

test("a step of gradient descent lowers a loss", async (device) => {
  const x = tensor(device, [
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  const y = tensor(device, [[1], [2], [3]]);
  let w = tensor(device, [[0], [0]]);
  const step = valueAndGrad((p: Tensor) => sum(square(add(matmul(x, p), mul(y, -1)))));
  const losses: number[] = [];
  for (let i = 0; i < 20; i++) {
    const { value, gradients } = step(w);
    losses.push(await value.item());
    const next = scope(() => add(w, mul(gradients, -0.1)));
    for (const t of [w, value, gradients]) t.dispose();
    w = next;
  }
  assert.ok(losses[19] < 1e-3 * losses[0], losses.join(" "));
  for (const t of [x, y, w]) t.dispose();
});

test.run();
