import fc from "fast-check";
import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { Device } from "../../src/device/device.js";
import { gemmCandidates, planGemm } from "../../src/kernels/plan.js";
import { tuningKey } from "../../src/kernels/tuning.js";
import { gelu, geluTanh, quickGelu, relu, sigmoid, tanh } from "../../src/ops/activations.js";
import { type MatmulOptions, matmul } from "../../src/ops/matmul.js";
import { packMatrix } from "../../src/ops/packed.js";
import { broadcastShapes, type Shape, sizeOf } from "../../src/shape.js";
import type { Tensor } from "../../src/tensor.js";
import {
  close,
  coordinates,
  deviceTests,
  FAMILIES,
  flatIndex,
  random,
  throwsCode,
  valuesOf,
} from "../support.js";

const test = deviceTests(FAMILIES);

interface Case extends Pick<MatmulOptions, "transposeA" | "transposeB" | "activation" | "scale"> {
  a: Shape;
  b: Shape;
  bias?: boolean;
  residual?: boolean;
  packed?: "float32" | "float16";
}

const ACTIVATE = { relu, sigmoid, tanh, gelu, gelu_tanh: geluTanh, quick_gelu: quickGelu } as const;

/** The value at [..., i, j] of a matrix held transposed or not. */
const entry = (
  values: ArrayLike<number>,
  shape: Shape,
  transposed: boolean,
  lead: number[],
  i: number,
  j: number,
) => values[flatIndex(transposed ? [...lead, j, i] : [...lead, i, j], shape)];

/** Runs a case on the device and compares it with plain loops in float64. */
async function agrees(device: Device, c: Case, seed = 1): Promise<void> {
  const { transposeA = false, transposeB = false, activation, scale = 1 } = c;
  const [a, b] = [random(seed, sizeOf(c.a)), random(seed + 1, sizeOf(c.b))];
  const k = c.a.at(transposeA ? -2 : -1) as number;
  const m = c.a.at(transposeA ? -1 : -2) as number;
  const n = c.b.at(transposeB ? -2 : -1) as number;
  const shape = [...broadcastShapes("test", c.a.slice(0, -2), c.b.slice(0, -2)), m, n];
  const bias = c.bias ? random(seed + 2, n) : undefined;
  const residual = c.residual ? random(seed + 3, sizeOf(shape)) : undefined;
  const made: Tensor[] = [];
  const put = (values: Float32Array, at: Shape) => {
    made.push(tensor(device, values, at));
    return made[made.length - 1];
  };
  const [left, right] = [put(a, c.a), put(b, c.b)];
  const weight = c.packed ? packMatrix(right, { transposed: transposeB, dtype: c.packed }) : right;
  const options: MatmulOptions = {
    transposeA,
    ...(c.packed ? {} : { transposeB }),
    ...(activation ? { activation } : {}),
    ...(bias ? { bias: put(bias, [n]) } : {}),
    ...(residual ? { residual: put(residual, shape) } : {}),
    scale,
  };
  const after = (x: number) => (activation ? ACTIVATE[activation].row.reference(x, 0, 0) : x);
  const want = coordinates(shape).map((at, index) => {
    const lead = at.slice(0, -2);
    const [i, j] = at.slice(-2);
    let total = 0;
    for (let x = 0; x < k; x++)
      total += entry(a, c.a, transposeA, lead, i, x) * entry(b, c.b, transposeB, lead, x, j);
    return after(total * scale + (bias?.[j] ?? 0)) + (residual?.[index] ?? 0);
  });
  // Weights in half precision are off by 2^-12 each, sums of k of them by the root of k.
  const abs = c.packed === "float16" ? 3e-4 * Math.sqrt(k) : 4e-6 * Math.sqrt(k + 1);
  close(await valuesOf(() => matmul(left, weight, options)), want, { abs, rel: 1e-6 }, JSON.stringify(c));
  for (const t of made) t.dispose();
  if (weight !== right) weight.dispose();
}

test("sizes about every tile, one row, one column, one product", async (device) => {
  for (const m of [1, 7, 17, 33])
    for (const n of [1, 31, 65]) await agrees(device, { a: [m, 19], b: [19, n] });
  await agrees(device, { a: [1, 1], b: [1, 1] });
  await agrees(device, { a: [65, 300], b: [300, 130] });
  await agrees(device, { a: [3, 4], b: [4, 8] });
});

test("every tile that the rule takes, over an even and an odd inner size", async (device) => {
  const onGpu = device.caps.family === "workgroup";
  for (const [k, n] of [
    [20, 70],
    [19, 30],
  ]) {
    // Other tests take the small tiles of a GPU.
    const tiles = onGpu
      ? gemmCandidates(device.caps).filter(
          ({ steps, vectors }) => k % 4 === 0 && steps === 4 && vectors === 2,
        )
      : Array.from({ length: 64 }, (_, i) => planGemm(i + 1, 200 * k, n, device.caps));
    for (const tile of new Map(tiles.map((each) => [JSON.stringify(each), each])).values()) {
      device.tuning.set(tuningKey(45, k, n), tile);
      await agrees(device, { a: [45, k], b: [k, n], bias: true, residual: true });
    }
  }
  device.tuning.clear();
});

test("batches broadcast, a shared right operand folds them", async (device) => {
  await agrees(device, { a: [3, 5, 7], b: [7, 9] });
  await agrees(device, { a: [2, 3, 5, 7], b: [3, 7, 9] });
  await agrees(device, { a: [5, 7], b: [3, 7, 9] });
  await agrees(device, { a: [2, 1, 5, 7], b: [4, 7, 9] });
  await agrees(device, { a: [2, 1, 2, 1, 3, 4], b: [1, 2, 1, 2, 4, 5] });
  await agrees(device, { a: [1, 5, 7], b: [2, 7, 4], residual: true });
});

test("transposed operands", async (device) => {
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const a = transposeA ? [2, 6, 5] : [2, 5, 6];
      const b = transposeB ? [2, 11, 6] : [2, 6, 11];
      await agrees(device, { a, b, transposeA, transposeB });
    }
  }
  await agrees(device, { a: [40, 33], b: [70, 33], transposeB: true });
});

test("scale, bias, activation and residual are fused in that order", async (device) => {
  // The activations' text is the same in every family, and a new pipeline compiles for 0.1 s and more.
  const names = Object.keys(ACTIVATE) as (keyof typeof ACTIVATE)[];
  for (const activation of device.caps.family === "register" ? names : names.slice(3, 4)) {
    await agrees(device, { a: [3, 12], b: [12, 10], bias: true, activation, scale: 0.5 });
  }
  for (const n of [8, 11]) {
    await agrees(device, {
      a: [2, 9, 12],
      b: [12, n],
      bias: true,
      activation: "relu",
      residual: true,
      scale: -2,
    });
    await agrees(device, { a: [9, 12], b: [12, n], residual: true });
  }
});

test("packed weights in float32 and float16, shared and batched", async (device) => {
  for (const packed of ["float32", "float16"] as const) {
    await agrees(device, { a: [3, 10, 33], b: [33, 21], packed });
    await agrees(device, { a: [10, 33], b: [21, 33], transposeB: true, packed, bias: true });
    await agrees(device, { a: [2, 5, 9], b: [2, 9, 6], packed });
    await agrees(device, { a: [1, 9], b: [9, 3], packed });
  }
});

test("empty sizes: no rows, no columns, no products", async (device) => {
  await agrees(device, { a: [0, 5], b: [5, 4] });
  await agrees(device, { a: [3, 5], b: [5, 0] });
  await agrees(device, { a: [3, 0], b: [0, 5] });
  await agrees(device, { a: [3, 0], b: [0, 8], bias: true, residual: true });
  await agrees(device, { a: [0, 3, 5], b: [5, 4] });
});

test("any sizes and batches agree with plain loops", async (device) => {
  const size = fc.integer({ min: 1, max: 20 });
  const cases = fc.record({
    sizes: fc.tuple(size, size, size),
    lead: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 3 }),
    shared: fc.boolean(),
    transposeA: fc.boolean(),
    transposeB: fc.boolean(),
    seed: fc.nat(1000),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ sizes: [m, k, n], lead, shared, transposeA, transposeB, seed }) => {
      const a = [...lead, ...(transposeA ? [k, m] : [m, k])];
      const b = [...(shared ? [] : lead), ...(transposeB ? [n, k] : [k, n])];
      await agrees(device, { a, b, transposeA, transposeB }, seed);
    }),
    { numRuns: 15, seed: 1 },
  );
});

test("errors name both shapes and how to mend them", async (device) => {
  const made: Tensor[] = [];
  const zero = (...shape: number[]): Tensor => {
    made.push(tensor(device, new Float32Array(sizeOf(shape)), shape));
    return made[made.length - 1];
  };
  const [a, b] = [zero(225, 896), zero(640, 896)];
  await throwsCode(
    () => matmul(a, b),
    "shape",
    /inner sizes differ: a is \[225, 896\], b is \[640, 896\]; did you mean transposeB: true\?/,
  );
  await throwsCode(
    () => matmul(a, zero(3, 4)),
    "shape",
    /they must be equal \(the last axis of a, the second last/,
  );
  await throwsCode(() => matmul(a, zero(896)), "shape", /both need two axes or more/);
  await throwsCode(() => matmul(zero(2, 3, 4), zero(3, 4, 5)), "shape", /\[2\] and \[3\] do not broadcast/);
  const options = { transposeB: true };
  await throwsCode(
    () => matmul(a, b, { ...options, bias: zero(3) }),
    "shape",
    /bias is \[3\] and must be \[640\]/,
  );
  await throwsCode(
    () => matmul(a, b, { ...options, residual: zero(640) }),
    "shape",
    /residual is \[640\] and must be \[225, 640\]/,
  );
  for (const t of made) t.dispose();
  await throwsCode(() => matmul(a, b, options), "disposed", /was disposed/);
});

test("a NaN stays in its row and column", async (device) => {
  const a = tensor(device, Float32Array.of(1, Number.NaN, 1, 2), [2, 2]);
  const b = tensor(device, Float32Array.of(1, 2, 3, 4), [2, 2]);
  close(await valuesOf(() => matmul(a, b)), [Number.NaN, Number.NaN, 7, 10], 0);
  assert.is(a.disposed, false);
  a.dispose();
  b.dispose();
});

test("a NaN passes through a fused relu", async (device) => {
  const got = await valuesOf(() =>
    matmul(tensor(device, [[Number.NaN], [-1], [2]]), tensor(device, [[1]]), { activation: "relu" }),
  );
  close(got, [Number.NaN, 0, 2], 0);
});

test.run();
