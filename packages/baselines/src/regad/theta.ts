import {
  concat,
  cos,
  div,
  matmul,
  mul,
  neg,
  reshape,
  scope,
  sin,
  slice,
  sub,
  type Tensor,
  tensor,
} from "@inctrl/tensor";

/** An entry of a matrix: a number, or a function of the parameters [views, 1]. */
type Entry = number | ((parameter: (index: number) => Tensor) => Tensor);

interface Transformation {
  /** Parameters at which the matrix is the identity. */
  readonly identity: readonly number[];
  /** The matrix row by row, [2, 3]. */
  readonly rows: readonly Entry[];
}

const at =
  (index: number): Entry =>
  (parameter) =>
    parameter(index);

/** [u cos a, -sin a, x], [sin a, v cos a, y]: scales touch the diagonal alone, so that it is no product. */
const turned = (
  identity: readonly number[],
  { shift, scale }: { shift?: number; scale?: number } = {},
): Transformation => {
  const diagonal =
    (index: number): Entry =>
    (parameter) =>
      scale === undefined ? cos(parameter(0)) : mul(parameter(scale + index), cos(parameter(0)));
  const moved = (index: number): Entry => (shift === undefined ? 0 : at(shift + index));
  return {
    identity,
    rows: [diagonal(0), (p) => neg(sin(p(0))), moved(0), (p) => sin(p(0)), diagonal(1), moved(1)],
  };
};

/** The transformations of the released program by name. */
const TRANSFORMATIONS = {
  rotation_scale: turned([0, 1, 1], { scale: 1 }),
  affine: { identity: [1, 0, 0, 0, 1, 0], rows: [at(0), at(1), at(2), at(3), at(4), at(5)] },
  translation: { identity: [0, 0], rows: [1, 0, at(0), 0, 1, at(1)] },
  rotation: turned([0]),
  scale: { identity: [1, 1], rows: [at(0), 0, 0, 0, at(1), 0] },
  shear: { identity: [0, 0], rows: [1, at(0), 0, at(1), 1, 0] },
  translation_scale: { identity: [0, 0, 1, 1], rows: [at(2), 0, at(0), 0, at(3), at(1)] },
  rotation_translation: turned([0, 0, 0], { shift: 1 }),
  rotation_translation_scale: turned([0, 0, 0, 1, 1], { shift: 1, scale: 3 }),
} satisfies Record<string, Transformation>;

export type Mode = keyof typeof TRANSFORMATIONS;

export const MODES = Object.keys(TRANSFORMATIONS) as Mode[];

/** Parameters of a mode at which its matrix is the identity. */
export const identityOf = (mode: Mode): readonly number[] => TRANSFORMATIONS[mode].identity;

/**
 * Matrices that map output to input positions, from their parameters.
 *
 * @param parameters [views, n].
 * @returns [views, 2, 3].
 */
export function matricesOf(mode: Mode, parameters: Tensor): Tensor {
  const { device } = parameters;
  const [views] = parameters.shape;
  const { rows }: Transformation = TRANSFORMATIONS[mode];
  return scope(() => {
    const parameter = (index: number) => slice(parameters, [null, [index, index + 1]]);
    const entries = rows.map((entry) =>
      typeof entry === "number"
        ? tensor(device, Array<number>(views).fill(entry), [views, 1])
        : entry(parameter),
    );
    return reshape(concat(entries, 1), [views, 2, 3]);
  });
}

/** The matrices that undo these, [views, 2, 3]. */
export function inverseOf(matrices: Tensor): Tensor {
  const [views] = matrices.shape;
  return scope(() => {
    const flat = reshape(matrices, [views, 6]);
    const [a, b, x, c, d, y] = Array.from({ length: 6 }, (_, i) => slice(flat, [null, [i, i + 1]]));
    const minus = (p: Tensor, q: Tensor, r: Tensor, s: Tensor) => sub(mul(p, q), mul(r, s));
    const adjoint = concat([d, neg(b), minus(b, y, d, x), neg(c), a, minus(c, x, a, y)], 1);
    return reshape(div(adjoint, minus(a, d, b, c)), [views, 2, 3]);
  });
}

/**
 * Input positions of each pixel of an output, as `gridSample` takes them: (x, y) from -1 to 1, the edges of the image.
 *
 * @param matrices [views, 2, 3].
 * @returns [views, rows, columns, 2].
 */
export function gridOf(matrices: Tensor, rows: number, columns: number): Tensor {
  const centre = (i: number, size: number) => (2 * i + 1) / size - 1;
  const places = Array.from({ length: rows * columns }, (_, i) => [
    centre(i % columns, columns),
    centre(Math.floor(i / columns), rows),
    1,
  ]);
  return scope(() => {
    const base = tensor(matrices.device, places.flat(), [rows * columns, 3]);
    return reshape(matmul(base, matrices, { transposeB: true }), [matrices.shape[0], rows, columns, 2]);
  });
}
