import { wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { triangleKernel } from "../kernels/triangle.js";
import { checkWhole, formatShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import { ANY, defineOp, type Op } from "./define.js";
import { generate, valueAt } from "./reference.js";

type Triangle = Op<[x: Tensor, diagonal?: number]>;

/* @__NO_SIDE_EFFECTS__ */
const triangle = (name: "tril" | "triu", keeps: (row: number, column: number) => boolean): Triangle => {
  const op: Triangle = defineOp(name, {
    check: (x: Tensor, diagonal: number = 0) => {
      check(
        x.rank >= 2,
        "shape",
        () => `${name}: ${formatShape(x.shape)} is no matrix; give [..., rows, columns]`,
      );
      checkWhole(`${name}: diagonal`, diagonal, -(2 ** 30), 2 ** 30);
      return { x, diagonal };
    },
    takes: ANY,
    shape: ({ x }) => x.shape,
    dtype: ({ x }) => x.dtype,
    kernel: ({ x, diagonal }) => {
      const [height, length] = x.shape.slice(-2);
      return {
        kernel: triangleKernel({ type: wgslScalar(x.dtype), lower: name === "tril" }),
        tensors: { x },
        uniforms: { height, diagonal },
        over: [x.size / length, length],
      };
    },
    vjp: { x: ({ g, diagonal }) => op(g, diagonal) },
    reference: ({ x, diagonal }) =>
      generate(x.shape, (at) => {
        const [row, column] = at.slice(-2);
        return keeps(row + diagonal, column) ? valueAt(x, at) : 0;
      }),
  });
  return op;
};

/**
 * The lower triangle of matrices [..., rows, columns]; zeros above a diagonal.
 *
 * @param diagonal the last diagonal that stays: 0 (default) the main one, positive ones above it.
 * @example tril(ones([3, 3])); // the mask of causal attention
 */
export const tril: Triangle = triangle("tril", (row, column) => column <= row);

/** The upper triangle; zeros below a diagonal. Else as `tril`. @example triu(ones([3, 3]), 1); */
export const triu: Triangle = triangle("triu", (row, column) => column >= row);
