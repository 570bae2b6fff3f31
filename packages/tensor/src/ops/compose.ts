import { defineOp, type Op } from "./define.js";
import type { Host, HostResult } from "./reference.js";

/**
 * An op made of other ops, whose gradients it uses.
 *
 * @example
 * export const flatten = composeOp("flatten", {
 *   check: (x: Tensor) => ({ x }),
 *   build: ({ x }) => reshape(x, [-1]),
 *   reference: ({ x }) => x.values,
 * });
 */
/* @__NO_SIDE_EFFECTS__ */
export const composeOp = <A extends unknown[], C extends object, R>(
  name: string,
  {
    check,
    build,
    reference,
  }: {
    check: (...args: A) => C;
    build: (call: C) => R;
    reference: (call: Host<C>) => HostResult<R>;
  },
): Op<A, R> => defineOp<A, C, R>(name, { check, takes: {}, forward: build, onTape: build, reference });
