/*
 * Ops as methods of tensors: `import "@inctrl/tensor/methods"` adds them. Each calls the function of its name, with the tensor as its
 * first argument. Apart from the library itself, since a class with methods for all ops would bring every kernel into
 * every bundle.
 */

import type { DType } from "./dtype.js";
import * as ops from "./ops/index.js";
import { Tensor } from "./tensor.js";

/** What the list of ops holds besides ops whose first argument is a tensor. */
const OTHERS = [
  ...["ConvWeight", "PackedMatrix", "concat", "einsum", "eye", "foldLayerNorm", "packBank", "packConv"],
  ...["packMatrix", "stack"],
] as const;

/** An op without its first argument. */
// biome-ignore lint/suspicious/noExplicitAny: the first argument of whatever op
type Method<F> = F extends (x: any, ...rest: infer A) => infer R ? (...rest: A) => R : never;

type Name = Exclude<keyof typeof ops, (typeof OTHERS)[number] | "cast">;

/** What the methods are, for the type of `Tensor`. */
type Methods = { [K in Name]: Method<(typeof ops)[K]> };

declare module "./tensor.js" {
  // biome-ignore lint/suspicious/noExplicitAny: as the class that it merges with
  interface Tensor<D extends DType = any> extends Methods {
    /** Converts the element type; see `cast`. */
    cast<T extends DType>(dtype: T): Tensor<T>;
  }
}

for (const [name, op] of Object.entries(ops)) {
  if ((OTHERS as readonly string[]).includes(name)) continue;
  const call = op as unknown as (...args: unknown[]) => unknown;
  Object.defineProperty(Tensor.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Tensor, ...rest: unknown[]) {
      return call(this, ...rest);
    },
  });
}
