import { checkType, type DType, isFloat } from "../dtype.js";
import { f16ToF32, f32ToF16 } from "../files/half.js";
import { checkTensor, type Tensor } from "../tensor.js";
import { defineOp, type Op } from "./define.js";
import { converted } from "./launch.js";

/**
 * Converts the element type; the tensor itself where it has that type already. Floats become integers by truncation, held
 * to the type's range, NaN becoming 0; anything but 0 becomes true, NaN too; float32 rounds to the nearest float16. Gradients flow between floats.
 *
 * @example const half = cast(weight, "float16");
 */
export const cast: Cast = defineOp("cast", {
  check: (x: Tensor, dtype: DType) => {
    checkTensor("cast", x);
    checkType("cast", dtype);
    return { x, dtype };
  },
  takes: {},
  forward: ({ x, dtype }) => (x.dtype === dtype ? x : converted(x, dtype)),
  onTape: ({ x, dtype }) => (isFloat(x.dtype) && isFloat(dtype) ? null : converted(x, dtype)),
  vjp: { x: ({ g }) => g },
  reference: ({ x, dtype }) => Array.from(x.values, VALUE[dtype]),
});

interface Cast extends Op<[x: Tensor, dtype: DType]> {
  <D extends DType>(x: Tensor, dtype: D): Tensor<D>;
}

const whole = (low: number, high: number) => (v: number) =>
  Number.isNaN(v) ? 0 : Math.min(Math.max(Math.trunc(v), low), high) + 0;

/** A value as each type holds it. */
const VALUE: Record<DType, (v: number) => number> = {
  float32: (v) => v,
  float16: (v) => f16ToF32(f32ToF16(Float32Array.of(v)))[0],
  int32: whole(-(2 ** 31), 2 ** 31 - 1),
  uint32: whole(0, 2 ** 32 - 1),
  bool: (v) => +(v !== 0),
};
