import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { cast } from "../../src/ops/cast.js";
import * as ops from "../../src/ops/elementwise.js";
import { accessOf, elementwise, type Operand } from "../../src/ops/elementwise-run.js";
import {
  type ComputeType,
  ELEMENTWISE,
  type ElementwiseName,
  type ElementwiseOp,
} from "../../src/ops/elementwise-table.js";
import { broadcastShapes, type Shape, sizeOf } from "../../src/shape.js";
import { Tensor } from "../../src/tensor.js";
import {
  close,
  coordinates,
  deviceTests,
  flatIndex,
  random,
  type Tolerance,
  throwsCode,
  valuesOf,
} from "../support.js";

const test = deviceTests();

const TABLE = Object.entries(ELEMENTWISE) as [ElementwiseName, ElementwiseOp][];
const SPECIAL = [
  Number.NaN,
  Infinity,
  -Infinity,
  -0,
  0,
  1,
  -1,
  0.5,
  -0.5,
  2.5,
  -2.5,
  1e30,
  -1e30,
  100,
  -100,
  3,
  -7,
];
const WHOLE = [0, 1, 2, 3, 7, 100, 65537, 2 ** 31 - 1];

/** Values for a type: every special one, then random ones; `turn` shifts them, so that operands meet in all pairs. */
function samples(type: ComputeType, operand: number): Float32Array | Int32Array | Uint32Array | Uint8Array {
  const pair = <T>(values: T[]): T[] =>
    values.flatMap((_, i) =>
      values.map((_, j) => values[operand === 0 ? i : operand === 1 ? j : (i + j) % values.length]),
    );
  if (type === "float32") return Float32Array.of(...pair(SPECIAL), ...random(operand + 1, 2011, -9, 9));
  if (type === "int32") return Int32Array.from(pair([...WHOLE, ...WHOLE.map((v) => -v), -(2 ** 31)]));
  return type === "uint32" ? Uint32Array.from(pair([...WHOLE, 2 ** 32 - 1])) : Uint8Array.from(pair([0, 1]));
}

/** The reference's value as the type stores it: whole numbers wrap. */
function stored(type: ComputeType, gives: "bool" | undefined, value: number): number {
  if (type === "float32" || gives) return gives ? value : Math.fround(value);
  if (!Number.isSafeInteger(value)) return Number.NaN;
  return type === "int32" ? value | 0 : value >>> 0;
}

/** Ops that may be off by more than a unit or two in the last place. */
const TOLERANCES: Partial<Record<ElementwiseName, Tolerance>> = {
  pow: { rel: 6e-6, abs: 1e-37 },
  sigmoid: { rel: 2e-6, abs: 1e-37 },
  erf: 2e-7,
  tanh: 2e-7,
  sin: 2e-7,
  cos: 2e-7,
  gelu: { rel: 2e-7, abs: 1e-6 },
  geluTanh: { rel: 2e-7, abs: 1e-6 },
  quickGelu: { rel: 2e-6, abs: 1e-37 },
};
/** Values where the reference in float64 stays finite and float32 cannot. */
const SKIPPED: Partial<Record<ElementwiseName, (a: number, b: number) => boolean>> = {
  // 1e30 is beyond the range reduction.
  sin: (a) => Math.abs(a) > 1e4,
  cos: (a) => Math.abs(a) > 1e4,
  // Products of whole numbers above 2^53 are not exact in float64.
  mul: (a, b) => Math.abs(a * b) > 2 ** 53 && Number.isInteger(a),
  square: (a) => a * a > 2 ** 53 && Number.isInteger(a),
  // Cancels to infinity minus infinity in float64 too, or is a limit that the product form misses.
  gelu: (a) => a === -Infinity || Math.abs(a) > 1e20,
  geluTanh: (a) => a === -Infinity || Math.abs(a) > 1e12,
  quickGelu: (a) => a === -Infinity,
};

for (const [name, op] of TABLE) {
  test(`${name} agrees with its reference on ${op.takes.join(", ")}`, async (device) => {
    for (const type of op.takes) {
      const host = Array.from({ length: op.arity }, (_, i) =>
        samples(op.condition && i === 0 ? "bool" : type, i),
      );
      const count = Math.min(...host.map((values) => values.length));
      const inputs = host.map((values) => tensor(device, values.slice(0, count)));
      const got = await valuesOf(() => elementwise(name, inputs));
      for (const x of inputs) x.dispose();
      const skipped = SKIPPED[name];
      const want = Array.from({ length: count }, (_, i) => {
        const [a, b, c] = host.map((values) => values[i]);
        return skipped?.(a, b) ? got[i] : stored(type, op.gives, op.reference(a, b, c));
      });
      close(got, want, TOLERANCES[name] ?? { rel: 2.5e-7 }, `${name} ${type}`);
    }
  });
}
test.run();
