import * as assert from "uvu/assert";
import { checkpoint, customVjp, grad, valueAndGrad } from "../../src/autograd/grad.js";
import { activeRecorder, noted, type Recorder } from "../../src/autograd/record.js";
import { withTape } from "../../src/autograd/tape.js";
import { keep, nn, noGrad, scope, type Tensor, tensor } from "../../src/index.js";
import { add, attention, exp, mul, square, sum } from "../../src/ops/index.js";
import { close, deviceTests, throwsCode } from "../support.js";

const test = deviceTests();

const free = (...tensors: Tensor[]): void => {
  for (const t of tensors) t.dispose();
};

test("a tensor may be a parameter and lie between, and come twice in one op", async (device) => {
  const x = tensor(device, [2, -1]);
  const [gx, gh] = scope(() =>
    withTape((tape) => {
      tape.watch([x]);
      const h = mul(x, 3);
      return tape.backward(sum(mul(h, h)), [x, h]);
    }),
  );
  close(await gx.data(), [36, -18], 0);
  close(await gh.data(), [12, -6], 0);
  const [g1, g2] = grad(([a, b]: readonly Tensor[]) => sum(mul(a, b)))([x, x]);
  close(await g1.data(), [4, -2], 0, "a parameter listed twice has its whole gradient twice");
  close(await g2.data(), [4, -2], 0);
  free(x, gx, gh, g1, g2);
});

test("a result that is itself a parameter stays the caller's", async (device) => {
  const [x, y] = [tensor(device, [4]), tensor(device, [1])];
  const { value, gradients } = valueAndGrad(([a]: readonly Tensor[]) => a)([x, y]);
  assert.is.not(value, x);
  assert.is(await gradients[0].item(), 1);
  assert.is(await gradients[1].item(), 0);
  free(value, ...gradients);
  assert.is(await x.item(), 4);
  const captured = grad((a: Tensor) => sum(mul(add(a, y), 0)))(x);
  assert.is(await captured.item(), 0);
  free(x, y, captured);
});

test("a tape that is used without a scope leaves nothing behind", async (device) => {
  const x = tensor(device, [3]);
  const before = device.memory().tensors;
  const [own] = withTape((tape) => {
    tape.watch([x]);
    return tape.backward(x, [x]);
  });
  assert.is(await own.item(), 1);
  const other = tensor(device, [1]);
  const [none] = withTape((tape) => {
    tape.watch([x]);
    return tape.backward(other, [x]);
  });
  assert.is(await none.item(), 0);
  free(own, other, none);
  assert.is(device.memory().tensors, before);
  x.dispose();
});

test("errors on the way there and back free what was held", async (device) => {
  const x = tensor(device, [1, 2]);
  const fails = customVjp(
    (a) => mul(a, 2),
    () => {
      throw new Error("broken rule");
    },
  );
  assert.throws(() => grad((a: Tensor) => sum(fails(exp(square(a)))))(x), /broken rule/);
  assert.throws(
    () =>
      grad((a: Tensor) => {
        exp(square(a));
        throw new Error("broken loss");
      })(x),
    /broken loss/,
  );
  // Without a scope around it, too.
  await throwsCode(
    () =>
      withTape((tape) => {
        tape.watch([x]);
        noted(
          activeRecorder() as Recorder,
          { name: "unknown" },
          { x },
          noGrad(() => mul(x, 2)),
        );
      }),
    "argument",
    /unknown has no gradient yet/,
  );
  await throwsCode(
    () =>
      grad((a: Tensor) =>
        sum(
          customVjp(
            (u, v) => add(u, v),
            (g) => [g],
          )(a, a),
        ),
      )(x),
    "argument",
    /1 gradients for 2 inputs/,
  );
  x.dispose();
});

test("a tape is walked once, and its seed must fit", async (device) => {
  const x = tensor(device, [2]);
  const [g] = withTape((tape) =>
    scope(() => {
      tape.watch([x]);
      const y = square(x);
      const made = tape.backward(y, [x], y);
      assert.throws(() => tape.backward(y, [x]), /walked already/);
      square(x);
      return made;
    }),
  );
  assert.is(await g.item(), 16);
  const wide = tensor(device, [1, 1]);
  await throwsCode(
    () => scope(() => withTape((tape) => tape.backward(x, [x], wide))),
    "shape",
    /seed is \[2\] and the result \[1\]/,
  );
  free(x, g, wide);
});

test("a rule may hand on one tensor twice, its own input, or one that is not its own", async (device) => {
  const [x, y, outside] = [tensor(device, [1, 2]), tensor(device, [3, 4]), tensor(device, [7, 8])];
  const twice = customVjp(
    (a, b) => add(a, b),
    (g) => {
      const one = mul(g, 5);
      return [one, one];
    },
  );
  const [gx, gy] = grad(([a, b]: readonly Tensor[]) => sum(twice(a, b)))([x, y]);
  close(await gx.data(), [5, 5], 0);
  close(await gy.data(), [5, 5], 0);
  const foreign = customVjp(
    (a, b) => add(a, b),
    (_, [a]) => [a, outside],
  );
  const [fx, fy] = grad(([a, b]: readonly Tensor[]) => sum(foreign(a, b)))([x, y]);
  close(await fx.data(), [1, 2], 0);
  close(await fy.data(), [7, 8], 0);
  close(await outside.data(), [7, 8], 0);
  free(x, y, outside, gx, gy, fx, fy);
});

test("an op that hands its input through is an op like any other", async (device) => {
  const x = tensor(device, [1, 2]);
  const scaled = customVjp(
    (a) => a,
    (g) => [mul(g, 3)],
  );
  const [one, two] = [
    grad((a: Tensor) => sum(scaled(scaled(square(a)))))(x),
    grad((a: Tensor) => sum(checkpoint((h) => h, square(a))))(x),
  ];
  close(await one.data(), [18, 36], 0);
  close(await two.data(), [2, 4], 0);
  const three = grad((a: Tensor) => sum(checkpoint((h) => h, a)))(x);
  close(await three.data(), [1, 1], 0);
  free(x, one, two, three);
});

test("a checkpoint's gradients reach what its function captured, also nested", async (device) => {
  const [x, w, v] = [tensor(device, [0.5, -1]), tensor(device, [2, 3]), tensor(device, [-1, 0.5])];
  const plain = (a: Tensor) => exp(mul(add(mul(a, w), v), v));
  const inner = (h: Tensor) => checkpoint((u) => mul(add(u, v), v), h);
  const light = (a: Tensor) => checkpoint((u) => exp(inner(mul(u, w))), a);
  const by =
    (f: (a: Tensor) => Tensor) =>
    ([a]: readonly Tensor[]): Tensor =>
      sum(f(a));
  const want = grad(by(plain))([x, w, v]);
  const got = grad(by(light))([x, w, v]);
  for (const [i, g] of got.entries()) close(await g.data(), await want[i].data(), 1e-6, `${i}`);
  // A captured tensor that was made on the tape, and one that is returned as it is.
  const [between] = grad(([a]: readonly Tensor[]) => {
    const h = square(a);
    return sum(
      mul(
        checkpoint(() => h),
        checkpoint((u) => mul(u, h), a),
      ),
    );
  })([x]);
  close(await between.data(), [5 * 0.5 ** 4, 5], 1e-6);
  free(x, w, v, ...want, ...got, between);
});

test("a checkpoint draws and updates once", async (device) => {
  const x = tensor(device, [
    [1, 2],
    [3, 5],
  ]);
  const dropout = new nn.Dropout(0.5, { seed: 3 }).train();
  const norm = new nn.BatchNorm(2).to(device).train();
  // The gradient of a sum of scaled values is the mask's: it must be the one the value was made with.
  const { value, gradients, rest } = valueAndGrad(([a]: readonly Tensor[]) => {
    const y = checkpoint((u) => checkpoint((h) => dropout.forward(h), u), a);
    return [sum(y), y] as const;
  })([x]);
  assert.is(dropout.drawn, 4);
  const [y, g] = [await rest.data(), await gradients[0].data()];
  close(
    g,
    y.map((v) => (v === 0 ? 0 : 2)),
    0,
  );
  const again = valueAndGrad(([a]: readonly Tensor[]) => sum(square(checkpoint((u) => norm.forward(u), a))))([
    x,
  ]);
  assert.is(await norm.num_batches_tracked.value.item(), 1);
  close(await norm.running_mean.value.data(), [0.2, 0.35], 1e-6);
  free(x, value, rest, ...gradients, again.value, ...again.gradients);
  norm.dispose();
});

test("what a scope or the user frees meanwhile is still there for the way back", async (device) => {
  const x = tensor(device, [1, 2]);
  const g = grad((a: Tensor) => {
    const kept = keep(mul(a, 3));
    const y = sum(square(kept));
    kept.dispose();
    a.dispose();
    return y;
  })(x);
  close(await g.data(), [18, 36], 0);
  assert.ok(x.disposed);
  const q = tensor(device, new Float32Array([1, 2, 3, 4]), [1, 2, 2]);
  const masked = grad((a: Tensor) =>
    scope(() => {
      const mask = tensor(device, [
        [0, Number.NEGATIVE_INFINITY],
        [Number.NEGATIVE_INFINITY, 0],
      ]);
      const y = attention(a, a, a, { mask });
      mask.dispose();
      return sum(y);
    }),
  )(q);
  // Each token sees itself alone.
  close(await masked.data(), [1, 1, 1, 1], 1e-6);
  free(g, q, masked);
});

test("gradients of gradients are refused instead of being lost", async (device) => {
  const x = tensor(device, [1, 2]);
  const slope = (a: Tensor) => grad((b: Tensor) => sum(square(b)))(a);
  await throwsCode(() => grad((a: Tensor) => sum(slope(a)))(x), "argument", /gradients of gradients/);
  const still = (a: Tensor) => noGrad(() => slope(a));
  const constant = grad((a: Tensor) => sum(mul(a, still(a))))(x);
  close(await constant.data(), [2, 4], 0);
  free(x, constant);
});

test.run();
