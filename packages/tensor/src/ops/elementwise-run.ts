import { recorded } from "../autograd/record.js";
import type { UniformValues } from "../device/commands.js";
import { type ComputeType, wgslScalar } from "../dtype.js";
import { check } from "../errors.js";
import { planFlat, SHARES } from "../kernels/flat.js";
import { FLOAT } from "../kernels/float.js";
import { FLAT, type Kernel, kernel, kernelFor, type UniformType } from "../kernels/kernel.js";
import { scope } from "../scope.js";
import { broadcastShapes, broadcastStrides, type Shape, sizeOf } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { offsetLoop, padded8 } from "./copy.js";
import { ELEMENTWISE, type ElementwiseName, type ElementwiseOp } from "./elementwise-table.js";
import { launch } from "./launch.js";

/** A tensor, or a number that is used for every element. */
export type Operand = Tensor | number;

/**
 * How a kernel finds an operand's value for output i: at i; at (i / inner) % size, which covers one value, a bias along
 * the last axes and a factor along leading or middle ones; by strides; or as a uniform.
 */
export type Access = "same" | "cycle" | "strided" | "number";

const LETTERS = ["a", "b", "c"] as const;

/** Runs a row of the table: checks, broadcasts and launches. */
export function elementwise(name: ElementwiseName, operands: readonly Operand[]): Tensor {
  const op: ElementwiseOp = ELEMENTWISE[name];
  const tensors = operands.filter((x) => x instanceof Tensor);
  check(
    tensors.length > 0,
    "argument",
    () => `${name}: give at least one tensor; numbers alone have no device`,
  );
  commonDevice(name, tensors);
  const type = operandType(name, op, operands);
  const shape = tensors.map((x) => x.shape).reduce((a, b) => broadcastShapes(name, a, b));
  return recorded(name, operands, undefined, () => run(name, operands, shape, type));
}

function run(name: ElementwiseName, operands: readonly Operand[], shape: Shape, type: ComputeType): Tensor {
  const op: ElementwiseOp = ELEMENTWISE[name];
  const { device } = operands.find((x) => x instanceof Tensor) as Tensor;
  return scope(() => {
    const out = Tensor.empty(device, shape, op.gives ?? type);
    const ways = operands.map((x) =>
      x instanceof Tensor ? accessOf(x.shape, shape) : { access: "number" as const },
    );
    const accesses = ways.map((way) => way.access);
    const bound: Record<string, Tensor> = { out };
    const flat = planFlat(out.size, device.caps);
    const uniforms: UniformValues = { ...flat.uniforms, shape: padded8(shape, 1) };
    operands.forEach((x, i) => {
      const way = ways[i];
      if (x instanceof Tensor) bound[`x${i}`] = x.dtype === "float16" ? cast(x, "float32") : x;
      else uniforms[`value${i}`] = x;
      if (way.access === "cycle") Object.assign(uniforms, cycleUniforms(i, way.inner, way.size));
      if (way.access === "strided") uniforms[`strides${i}`] = padded8(way.strides, 0);
    });
    launch(elementwiseKernel(name, type, accesses), bound, uniforms, flat.grid);
    return out;
  });
}

/** The type the operands share; numbers take it on. */
function operandType(name: string, op: ElementwiseOp, operands: readonly Operand[]): ComputeType {
  let type: ComputeType | undefined;
  let first = "";
  operands.forEach((x, i) => {
    if (!(x instanceof Tensor)) return;
    const own = x.dtype === "float16" ? "float32" : x.dtype;
    const letter = LETTERS[i];
    if (op.condition && i === 0) {
      check(
        own === "bool",
        "dtype",
        () => `${name}: the condition is ${x.dtype}; make it bool with cast(a, "bool")`,
      );
      return;
    }
    check(
      op.takes.includes(own),
      "dtype",
      () =>
        `${name}: ${letter} is ${x.dtype}, not ${op.takes.join(" or ")}; cast(${letter}, "${op.takes[0]}") first`,
    );
    check(
      type === undefined || own === type,
      "dtype",
      () =>
        `${name}: ${first} is ${type} and ${letter} ${own}; make them one type: cast(${letter}, "${type}")`,
    );
    if (type === undefined) [type, first] = [own, letter];
  });
  const shared = type ?? op.takes[0];
  for (const x of operands) if (!(x instanceof Tensor)) checkNumber(name, x, shared);
  return shared;
}

/** The values that whole types hold. */
export const RANGES = { int32: [-(2 ** 31), 2 ** 31 - 1], uint32: [0, 2 ** 32 - 1], bool: [0, 1] } as const;

function checkNumber(name: string, value: number, type: ComputeType): void {
  if (type === "float32") return;
  const [low, high] = RANGES[type];
  check(
    Number.isInteger(value) && value >= low && value <= high,
    "argument",
    () =>
      `${name}: ${value} is no ${type}; use a whole number from ${low} to ${high}, or cast the tensor to float32`,
  );
}

type Way =
  | { access: "same" }
  | { access: "cycle"; inner: number; size: number }
  | { access: "strided"; strides: number[] };

/** The cheapest access by which a tensor of `shape` is read over `target`. */
export function accessOf(shape: Shape, target: Shape): Way {
  if (sizeOf(shape) === sizeOf(target)) return { access: "same" };
  const strides = broadcastStrides(shape, target);
  let axis = target.length - 1;
  const run = (inRun: (axis: number) => boolean): number => {
    let count = 1;
    for (; axis >= 0 && (target[axis] === 1 || inRun(axis)); axis--) count *= target[axis];
    return count;
  };
  const repeated = (i: number) => strides[i] === 0;
  const inner = run(repeated);
  const size = run((i) => !repeated(i));
  run(repeated);
  return axis < 0 ? { access: "cycle", inner, size } : { access: "strided", strides };
}

/*
 * (i / inner) % size without a division for every output, which costs most on CPUs: `at` counts it, `rest` is i % inner,
 * and both advance as i does by FLAT.
 */
const cycleUniforms = (operand: number, inner: number, size: number) => ({
  [`inner${operand}`]: inner,
  [`size${operand}`]: size,
  [`restStep${operand}`]: FLAT % inner,
  [`atStep${operand}`]: Math.floor(FLAT / inner) % size,
});
const cycleStart = (o: number) => `  var rest${o} = first % u.inner${o};
  var at${o} = (first / u.inner${o}) % u.size${o};`;
const cycleStep = (o: number) => `  rest${o} += u.restStep${o};
  at${o} += u.atStep${o} + select(0u, 1u, rest${o} >= u.inner${o});
  rest${o} -= select(0u, u.inner${o}, rest${o} >= u.inner${o});
  at${o} -= select(0u, u.size${o}, at${o} >= u.size${o});`;

/** out[i] = f(a, b, c) for one row, type and access to each operand. */
function elementwiseKernel(name: ElementwiseName, type: ComputeType, accesses: readonly Access[]): Kernel {
  return kernelFor(`elementwise:${name}:${type}:${accesses.join()}`, () => {
    const op: ElementwiseOp = ELEMENTWISE[name];
    const scalar = wgslScalar(type);
    const typeOf = (i: number) => (op.condition && i === 0 ? "u32" : scalar);
    const expression = typeof op.wgsl === "string" ? op.wgsl : (op.wgsl[type] as string);
    const uses = Array.isArray(op.uses)
      ? op.uses
      : ((op.uses as Partial<Record<string, string[]>>)?.[type] ?? []);
    const guard = op.guard && type === "float32";
    const letters = LETTERS.slice(0, accesses.length);
    const strided = accesses.flatMap((access, i) => (access === "strided" ? [`strides${i}`] : []));
    const read = (access: Access, i: number): string => {
      if (access === "number") return `u.value${i}`;
      if (access === "cycle") return `x${i}[at${i}]`;
      return access === "strided" ? `x${i}[at_strides${i}]` : `x${i}[i]`;
    };
    const cycles = accesses.flatMap((access, i) => (access === "cycle" ? [i] : []));
    const uniforms: Record<string, UniformType> = { ...SHARES.uniforms };
    accesses.forEach((access, i) => {
      if (access === "number") uniforms[`value${i}`] = typeOf(i);
    });
    for (const i of cycles) for (const field of Object.keys(cycleUniforms(i, 1, 1))) uniforms[field] = "u32";
    for (const field of strided.length > 0 ? ["shape", ...strided] : []) uniforms[field] = "u32x8";
    return kernel({
      name,
      reads: Object.fromEntries(
        accesses.flatMap((access, i) => (access === "number" ? [] : [[`x${i}`, typeOf(i)]])),
      ),
      writes: { out: op.gives === "bool" ? "u32" : scalar },
      uniforms,
      workgroup: FLAT,
      declare: [...new Set([...uses, ...(guard ? [FLOAT.is_nan] : [])])].join("\n"),
      body: `${SHARES.begin}
${cycles.map(cycleStart).join("\n")}
  ${SHARES.each} {
${strided.length > 0 ? offsetLoop(strided) : ""}
${accesses.map((access, i) => `  let ${letters[i]} = ${read(access, i)};`).join("\n")}
  var value = ${op.gives === "bool" ? `u32(${expression})` : expression};
${guard ? letters.map((x) => `  value = select(value, ${x}, is_nan(${x}));`).join("\n") : ""}
  out[i] = value;
${cycles.map(cycleStep).join("\n")}
  }`,
    });
  });
}
