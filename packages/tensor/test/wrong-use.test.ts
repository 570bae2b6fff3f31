import * as lib from "../src/index.js";
import type { AnyDefinition } from "../src/ops/define.js";
import { deviceTests, throwsCode } from "./support.js";

const test = deviceTests();

// As plain JavaScript sees the library: nothing is typed.
// biome-ignore lint/suspicious/noExplicitAny: wrong arguments are the point
const js = lib as any;

test("wrong arguments from plain JavaScript are TensorErrors, never TypeErrors", async (device) => {
  const x = lib.tensor(device, [
    [1, 2],
    [3, 4],
  ]);
  const cases: [() => unknown, string, RegExp][] = [
    [() => js.uniform(device, [2]), "argument", /uniform: the options are undefined/],
    [
      () => js.argmax(x, { axis: 1 }),
      "argument",
      /argmax: the arguments do not fit \(Tensor, a plain object\)/,
    ],
    [() => js.sum(x, 0, null), "argument", /sum: the arguments do not fit/],
    [() => js.softmax(x, "1"), "shape", /axis 1 is outside/],
    [() => js.matmul(x), "argument", /matmul: the arguments do not fit/],
    [() => js.add(x), "argument", /add: an operand is undefined; give a tensor or a number/],
    [() => js.add(x, "2"), "argument", /add: an operand is a string/],
    [() => js.clamp(x, 0), "argument", /clamp: an operand is undefined/],
    [() => js.relu(null), "argument", /relu: give at least one tensor/],
    [() => js.reshape(x, 4), "argument", /reshape: the arguments do not fit/],
    [() => js.expand(x, 5), "argument", /expand/],
    [() => js.permute(x), "argument", /permute/],
    [() => js.concat(x), "argument", /concat/],
    [() => js.cast(x, "float64"), "dtype", /cast: "float64" is no element type/],
    [() => js.cast(5, "int32"), "argument", /cast: give a tensor, not a number/],
    [() => js.scope(5), "argument", /scope: give a function/],
    [() => js.keep(5), "argument", /keep: give a tensor/],
    [() => js.grad(5), "argument", /give a function/],
    [() => js.checkpoint(5), "argument", /checkpoint: give a function/],
    [() => js.detach(5), "argument", /detach: give a tensor/],
    [() => js.packMatrix(5), "argument", /pack: give a tensor/],
    [() => js.packBank(5), "argument", /packBank: give a tensor/],
    [() => js.foldLayerNorm(x), "argument", /foldLayerNorm: give a tensor, not undefined/],
    [() => js.einsum("ij->i", 5), "argument", /einsum: the arguments do not fit/],
    [() => js.maxPool2d(x), "argument", /maxPool2d/],
    [
      () => js.sum(x, { axes: 1 }),
      "argument",
      /sum: .*\(Tensor, a plain object\); argument 3 holds the options, such as { keepDims }/,
    ],
    [() => js.sum(x, 1, true), "argument", /sum: .*\(Tensor, a number, a boolean\); argument 3/],
    [() => js.sum(x, 1, { keepdims: true }), "argument", /sum: there is no option keepdims; use keepDims/],
    [() => js.sum(x, 1, { keepDims: "no" }), "argument", /sum: keepDims "no" must be true or false/],
    [() => js.softmax(x, { axis: 1 }), "argument", /softmax: .*; it has no options/],
    [() => js.gelu(x, { approximate: "tanh" }), "argument", /gelu: .*; it has no options/],
    [
      () => js.matmul(x, x, { toString: 1 }),
      "argument",
      /no option toString; use transposeA, .* or layerNorm/,
    ],
    [() => js.matmul(x, x, { activation: "swish" }), "argument", /activation "swish" must be "relu", /],
    [
      () => js.matmul(x, x, { layerNorm: true }),
      "argument",
      /layerNorm is a boolean and must be an object of/,
    ],
    [() => js.matmul(x, x, { bias: [1, 2] }), "argument", /bias is Array and must be a tensor/],
    [
      () => js.layerNorm(x, { eps: Number.NaN }),
      "argument",
      /layerNorm: eps is a number and must be a number, and not NaN/,
    ],
    [
      () => js.uniform(device, [2], { seed: 1, min: 0 }),
      "argument",
      /uniform: there is no option min; use seed, /,
    ],
    [() => new js.optim.SGD([], {}), "argument", /SGD: there is no learning rate; give { lr: 1e-3 }/],
    [() => new js.optim.SGD([]), "argument", /SGD: there is no learning rate/],
    [() => new js.optim.AdamW([], { lr: "1" }), "argument", /AdamW: lr "1" must be a number or a function/],
    [
      () => new js.optim.Adam([], { lr: 1, beta1: 0.9 }),
      "argument",
      /Adam: there is no option beta1; use lr, /,
    ],
    [() => js.packMatrix(x, { transpose: true }), "argument", /packMatrix: there is no option transpose/],
    [
      () => js.packBank(x, { dtype: "int8" }),
      "argument",
      /packBank: dtype "int8" must be "float32" or "float16"/,
    ],
  ];
  for (const [run, code, text] of cases) await throwsCode(run, code, text);
  x.dispose();
});

test("no op takes an option that it does not know", async (device) => {
  const x = lib.tensor(device, [[1]]);
  for (const [name, op] of Object.entries(js)) {
    if (!(op as { definition?: unknown }).definition) continue;
    const { options } = (op as { definition: AnyDefinition }).definition;
    const args = [...new Array(options?.at ?? 1).fill(x), { bogus: 1 }];
    const text = options ? /there is no option bogus; use / : /the arguments do not fit .* it has no options/;
    await throwsCode(() => js[name](...args), "argument", text);
  }
  x.dispose();
});

test.run();
