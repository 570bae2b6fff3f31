/*
 * The usual ops as methods of tensors: `import "@inctrl/tensor/methods"` adds them. Each calls the function of its name, with the
 * tensor as its first argument. Apart from the library itself, since a class with methods for all ops would bring every kernel into
 * every bundle.
 */

import type { DType } from "./dtype.js";
import * as ops from "./ops/index.js";
import { Tensor } from "./tensor.js";

const NAMES = [
  "abs",
  "add",
  "all",
  "any",
  "argmax",
  "argmin",
  "at",
  "ceil",
  "clamp",
  "cos",
  "cumsum",
  "div",
  "equal",
  "erf",
  "exp",
  "expand",
  "flatten",
  "floor",
  "floorDivide",
  "gather",
  "gelu",
  "greater",
  "greaterEqual",
  "isNan",
  "less",
  "lessEqual",
  "log",
  "logSoftmax",
  "logicalAnd",
  "logicalNot",
  "logicalOr",
  "maskedFill",
  "matmul",
  "max",
  "maximum",
  "mean",
  "min",
  "minimum",
  "mul",
  "neg",
  "norm",
  "normalize",
  "notEqual",
  "pad",
  "permute",
  "pow",
  "prod",
  "reciprocal",
  "relu",
  "remainder",
  "repeat",
  "reshape",
  "round",
  "rsqrt",
  "scatter",
  "sigmoid",
  "sign",
  "silu",
  "sin",
  "slice",
  "softmax",
  "softplus",
  "sort",
  "split",
  "sqrt",
  "square",
  "squeeze",
  "std",
  "sub",
  "sum",
  "takeAlongAxis",
  "tanh",
  "topk",
  "transpose",
  "tril",
  "triu",
  "unsqueeze",
  "variance",
] as const;

/** An op without its first argument. */
// biome-ignore lint/suspicious/noExplicitAny: the first argument of whatever op
type Method<F> = F extends (x: any, ...rest: infer A) => infer R ? (...rest: A) => R : never;

/** What the methods are, for the type of `Tensor`. */
type Methods = { [K in (typeof NAMES)[number]]: Method<(typeof ops)[K]> };

declare module "./tensor.js" {
  // biome-ignore lint/suspicious/noExplicitAny: as the class that it merges with
  interface Tensor<D extends DType = any> extends Methods {
    /** Converts the element type; see `cast`. */
    cast<T extends DType>(dtype: T): Tensor<T>;
  }
}

const table = { ...ops };
for (const name of [...NAMES, "cast"] as const) {
  const call = table[name] as unknown as (...args: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...rest: unknown[]) {
      return call(this, ...rest);
    },
  });
}
