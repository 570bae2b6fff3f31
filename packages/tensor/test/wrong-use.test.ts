import * as lib from "../src/index.js";
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
  ];
  for (const [run, code, text] of cases) await throwsCode(run, code, text);
  x.dispose();
});

test.run();
