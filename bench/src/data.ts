import { hash32 } from "@inctrl/clip";
import { type Shape, sizeOf } from "@inctrl/tensor";
import type { TaskName, Tasks } from "./task.js";

/** An operand of a task. */
export interface Operand {
  readonly values: Float32Array;
  readonly shape: Shape;
}

/** The operands of the tasks on whole tensors. */
const OPERANDS: { [Name in TaskName]?: (sizes: Tasks[Name]) => Operand[] } = {
  gemm: ({ m, k, n }) => operands([m, k], [k, n]),
  attention: ({ heads, tokens, width }) =>
    operands([tokens, heads, width], [tokens, heads, width], [tokens, heads, width]),
  layernorm: ({ rows, n }) => operands([rows, n], [n], [n]),
  softmax: ({ rows, n }) => operands([rows, n]),
  nearest: ({ rows, bank, width, blocks }) =>
    operands(...Array.from({ length: 2 * blocks }, (_, i) => [i % 2 === 0 ? rows : bank, width])).map(
      unitRows,
    ),
};

/** A task's operands, the same in every process, so that they need not be sent. None where the task makes its own. */
export const operandsOf = <Name extends TaskName>(task: Name, sizes: Tasks[Name]): Operand[] =>
  OPERANDS[task]?.(sizes) ?? [];

/** The queries and the banks of `nearest`. */
export const queriesAndBanks = <T>(pairs: readonly T[]): T[][] =>
  [0, 1].map((odd) => pairs.filter((_, i) => i % 2 === odd));

const operands = (...shapes: Shape[]): Operand[] =>
  shapes.map((shape, i) => ({ values: operand(i + 1, sizeOf(shape)), shape }));

/** Values in [-1, 1). */
export function operand(seed: number, count: number): Float32Array {
  const start = hash32(seed + 1);
  const values = new Float32Array(count);
  for (let i = 0; i < count; i++) values[i] = hash32(start + Math.imul(i, 0x9e3779b1)) / 2 ** 31 - 1;
  return values;
}

/** Scales each row of a matrix to length 1. */
function unitRows({ values, shape }: Operand): Operand {
  const [rows, width] = shape;
  for (let row = 0; row < rows; row++) {
    const part = values.subarray(row * width, (row + 1) * width);
    const length = Math.sqrt(part.reduce((sum, v) => sum + v * v, 0));
    for (let i = 0; i < width; i++) part[i] /= length;
  }
  return { values, shape };
}
