import * as assert from "uvu/assert";
import { tensor } from "../../src/create.js";
import type { ComputeType } from "../../src/dtype.js";
import { cast } from "../../src/ops/cast.js";
import { FLOATS } from "../../src/ops/define.js";
import type { ElementwiseOp, Operand } from "../../src/ops/elementwise-run.js";
import * as ops from "../../src/ops/index.js";
import { close, deviceTests, random, type Tolerance, throwsCode, valuesOf, withDevice } from "../support.js";

const test = deviceTests();

const ROWS = Object.entries(ops).filter(([, op]) => "row" in op) as unknown as [
  string,
  ElementwiseOp<Operand[]>,
][];
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
const TOLERANCES: Record<string, Tolerance | undefined> = {
  // Adapters may take what is below the smallest normal number for 0, as WGSL allows; SwiftShader does.
  exp: { rel: 2.5e-7, abs: 2 ** -126 },
  pow: { rel: 6e-6, abs: 1e-37 },
  sigmoid: { rel: 2e-6, abs: 1e-37 },
  erf: 2e-7,
  tanh: 2e-7,
  sin: 2e-7,
  cos: 2e-7,
  gelu: { rel: 2e-7, abs: 1e-6 },
  geluTanh: { rel: 2e-7, abs: 1e-6 },
  quickGelu: { rel: 2e-6, abs: 1e-37 },
  silu: { rel: 2e-6, abs: 1e-37 },
  softplus: { rel: 3e-6, abs: 1e-37 },
  // 1 + 1.702 a (1 - s) cancels where the slope crosses zero.
  quickGeluSlope: { rel: 2e-6, abs: 1e-7 },
};
/** Built on WGSL's exp, whose relative error grows as its value vanishes. */
const GATES = ["sigmoid", "silu", "quickGelu"];

const toleranceOf = (name: string): { abs?: number; rel?: number } => {
  const given = TOLERANCES[name] ?? { rel: 2.5e-7 };
  return typeof given === "number" ? { abs: given } : given;
};
/** Values where the reference in float64 stays finite and float32 cannot. */
const SKIPPED: Record<string, ((a: number, b: number) => boolean) | undefined> = {
  // Products of whole numbers above 2^53 are not exact in float64.
  mul: (a, b) => Math.abs(a * b) > 2 ** 53 && Number.isInteger(a),
  square: (a) => a * a > 2 ** 53 && Number.isInteger(a),
};

for (const [name, op] of ROWS) {
  const { takes = FLOATS, condition, gives, reference } = op.row;
  test(`${name} agrees with its reference on ${takes.join(", ")}`, async (device) => {
    for (const type of takes) {
      const host = Array.from({ length: op.arity }, (_, i) =>
        samples(condition && i === 0 ? "bool" : type, i),
      );
      const most = Math.min(...host.map((values) => values.length));
      // All of them, and so many that kernels take four at a time where they did not, or the other way round.
      for (const count of [most, most % 4 === 0 ? most - 1 : most - (most % 4)]) {
        const inputs = host.map((values) => tensor(device, values.slice(0, count)));
        const got = await valuesOf(() => op(...inputs));
        for (const x of inputs) x.dispose();
        const skipped = SKIPPED[name];
        const want = Array.from({ length: count }, (_, i) => {
          const [a, b, c] = host.map((values) => values[i]);
          return skipped?.(a, b) ? got[i] : stored(type, gives, reference(a, b, c));
        });
        close(got, want, toleranceOf(name), `${name} ${type}, ${count} values`);
      }
    }
  });
}

test("functions of one number are right at any size of it", async (device) => {
  const sizes = random(7, 3000, -37, 38).map((power, i) => (-1) ** i * 10 ** power);
  const host = Float32Array.of(...sizes, ...random(8, 3000, -130, 130));
  const x = tensor(device, host);
  for (const [name, op] of ROWS.filter(([, { arity, row }]) => arity === 1 && !row.gives)) {
    const { takes = FLOATS, reference } = op.row;
    if (!takes.includes("float32")) continue;
    const { abs = 0, rel = 0 } = toleranceOf(name);
    const least = GATES.includes(name) ? 1e-12 : 2 ** -126;
    const want = Array.from(host, (v) => stored("float32", undefined, reference(v, 0, 0)));
    close(await valuesOf(() => op(x)), want, { abs: Math.max(abs, least), rel }, name);
  }
  x.dispose();
});

test("numbers stand on either side and take the tensor's type", async (device) => {
  const x = tensor(device, [1, 2, 4]);
  const i = tensor(device, Int32Array.of(5, -5));
  const u = tensor(device, Uint32Array.of(2 ** 32 - 1));
  close(await valuesOf(() => ops.sub(1, x)), [0, -1, -3], 0);
  close(await valuesOf(() => ops.div(x, 0)), [Infinity, Infinity, Infinity], 0);
  close(await valuesOf(() => ops.maximum(x, Number.NaN)), [Number.NaN, Number.NaN, Number.NaN], 0);
  close(await valuesOf(() => ops.where(ops.greater(x, 1.5), 7, -Infinity)), [-Infinity, 7, 7], 0);
  assert.equal([...(await valuesOf(() => ops.floorDivide(i, 2)))], [2, -3]);
  assert.equal([...(await valuesOf(() => ops.remainder(i, -3)))], [-1, -2]);
  assert.equal([...(await valuesOf(() => ops.remainder(i, 0)))], [0, 0]);
  assert.equal([...(await valuesOf(() => ops.clamp(i, -1, Infinity)))], [5, -1]);
  assert.equal([...(await valuesOf(() => ops.sub(u, 2 ** 31)))], [2 ** 31 - 1]);
  for (const t of [x, i, u]) t.dispose();
});

test("clamp holds to bounds as PyTorch: high wins, NaN stays, bounds may be tensors", async (device) => {
  const x = tensor(device, [-2, 0.5, 9, Number.NaN]);
  const low = tensor(device, [[-1], [1]]);
  close(await valuesOf(() => ops.clamp(x, 0, 1)), [0, 0.5, 1, Number.NaN], 0);
  close(await valuesOf(() => ops.clamp(x, 3, 1)), [1, 1, 1, Number.NaN], 0);
  close(await valuesOf(() => ops.clamp(x, -Infinity, Infinity)), [-2, 0.5, 9, Number.NaN], 0);
  close(await valuesOf(() => ops.clamp(x, low, 4)), [-1, 0.5, 4, Number.NaN, 1, 1, 4, Number.NaN], 0);
  x.dispose();
  low.dispose();
});

test("float16 is widened to float32, results say their type", async (device) => {
  const x = tensor(device, [1.5, -2.25, 65504]);
  const half = cast(x, "float16");
  const doubled = ops.mul(half, x);
  assert.is(doubled.dtype, "float32");
  close(await doubled.data(), [2.25, 5.0625, 65504 ** 2], { rel: 1e-7 });
  const flags = ops.less(half, 0);
  assert.is(flags.dtype, "bool");
  assert.equal(await flags.data(), Uint8Array.of(0, 1, 0));
  for (const t of [x, half, doubled, flags]) t.dispose();
});

test("mixed and wrong types say what to cast", async (device) => {
  const f = tensor(device, [1, 2]);
  const i = tensor(device, Int32Array.of(1, 2));
  const b = tensor(device, [true, false]);
  const cases: [() => unknown, string, RegExp][] = [
    [() => ops.add(f, i), "dtype", /add: a is float32 and b int32; make them one type: cast\(b, "float32"\)/],
    [() => ops.exp(i), "dtype", /exp: a is int32, not float32; cast\(a, "float32"\) first/],
    [() => ops.div(i, i), "dtype", /div: a is int32, not float32/],
    [() => ops.add(b, 1), "dtype", /add: a is bool, not float32 or int32 or uint32/],
    [() => ops.where(f, f, f), "dtype", /where: a is float32, not bool; cast\(a, "bool"\) first/],
    [() => ops.where(b, f, i), "dtype", /where: b is float32 and c int32/],
    [() => ops.logicalNot(f), "dtype", /logicalNot: a is float32, not bool/],
    [() => ops.add(i, 0.5), "argument", /add: 0\.5 is no int32; use a whole number/],
    [() => ops.clamp(i, Number.NaN, 1), "argument", /clamp: NaN is no int32/],
    [() => ops.add(1, 2), "argument", /add: give at least one tensor/],
    [() => ops.clamp(1 as never, 2, 3), "argument", /at least one tensor/],
  ];
  for (const [run, code, text] of cases) await throwsCode(run, code, text);
  const wide = tensor(device, new Float32Array(6), [2, 3]);
  await throwsCode(
    () => ops.add(wide, f),
    "shape",
    /add: shapes \[2, 3\] and \[2\] do not broadcast: sizes 3 and 2/,
  );
  f.dispose();
  await throwsCode(() => ops.neg(f), "disposed", /was disposed/);
  for (const t of [i, b, wide]) t.dispose();
});

test("tensors of two devices do not mix", async (device) => {
  await withDevice((other) => {
    const [x, y] = [tensor(device, [1]), tensor(other, [1])];
    assert.throws(() => ops.add(x, y), /add: tensors are on different devices/);
    x.dispose();
  });
});

test("running an op at two sizes compiles one kernel", async (device) => {
  const run = async (n: number) => {
    const x = tensor(device, random(1, n));
    await valuesOf(() => ops.cos(x));
    x.dispose();
  };
  await run(10);
  const before = device.stats.pipelines;
  await run(100_000);
  assert.is(device.stats.pipelines, before);
});

test.run();
