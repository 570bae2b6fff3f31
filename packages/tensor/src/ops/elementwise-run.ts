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
 * the last axes and a factor along leading or middle ones; by strides; or as a uniform. A factor of kernels that take four
 * outputs at a time is a cycle whose value all four share.
 */
export type Access = "same" | "cycle" | "factor" | "strided" | "number";

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
    const single: Way[] = operands.map((x) =>
      x instanceof Tensor ? accessOf(x.shape, shape) : { access: "number" },
    );
    const fours = inFours(single, out.size);
    const ways = fours ?? single;
    const bound: Record<string, Tensor> = { out };
    const flat = planFlat(fours ? out.size / 4 : out.size, device.caps);
    const uniforms: UniformValues = { ...flat.uniforms, shape: padded8(shape, 1) };
    operands.forEach((x, i) => {
      const way = ways[i];
      if (x instanceof Tensor) bound[`x${i}`] = x.dtype === "float16" ? cast(x, "float32") : x;
      else uniforms[`value${i}`] = x;
      if (way.access === "cycle" || way.access === "factor")
        Object.assign(uniforms, cycleUniforms(i, way.inner, way.size));
      if (way.access === "strided") uniforms[`strides${i}`] = padded8(way.strides, 0);
    });
    const accesses = ways.map((way) => way.access);
    launch(elementwiseKernel(name, type, accesses, fours !== null), bound, uniforms, flat.grid);
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
  | { access: "same" | "number" }
  | { access: "cycle" | "factor"; inner: number; size: number }
  | { access: "strided"; strides: number[] };

/**
 * The same ways where outputs are taken four at a time, counted in fours; null where an operand's runs are no multiple of four. A
 * load of four costs little more than one on CPUs, and less than four on GPUs.
 */
function inFours(ways: readonly Way[], count: number): Way[] | null {
  if (count % 4 !== 0) return null;
  const wide = ways.map((way): Way | null => {
    if (way.access === "same" || way.access === "number") return way;
    if (way.access !== "cycle") return null;
    const { inner, size } = way;
    if (inner % 4 === 0) return { access: "factor", inner: inner / 4, size };
    if (inner === 1 && size % 4 === 0) return { access: "cycle", inner, size: size / 4 };
    return size === 1 ? { access: "factor", inner: 1, size } : null;
  });
  return wide.includes(null) ? null : (wide as Way[]);
}

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

/** out[i] = f(a, b, c) for one row, type and access to each operand; i counts fours where they are taken at a time. */
function elementwiseKernel(
  name: ElementwiseName,
  type: ComputeType,
  accesses: readonly Access[],
  fours: boolean,
): Kernel {
  return kernelFor(`elementwise:${name}:${type}:${accesses.join()}:${fours}`, () => {
    const op: ElementwiseOp = ELEMENTWISE[name];
    const scalar = wgslScalar(type);
    const typeOf = (i: number) => (op.condition && i === 0 ? "u32" : scalar);
    const wide = (one: string) => (fours ? `vec4<${one}>` : one);
    const given = op.gives === "bool" ? "u32" : scalar;
    const letters = LETTERS.slice(0, accesses.length);
    const strided = accesses.flatMap((access, i) => (access === "strided" ? [`strides${i}`] : []));
    const read = (access: Access, i: number): string => {
      if (access === "number") return fours ? `vec4(u.value${i})` : `u.value${i}`;
      if (access === "factor") return `vec4(x${i}[at${i}])`;
      if (access === "cycle") return `x${i}[at${i}]`;
      return access === "strided" ? `x${i}[at_strides${i}]` : `x${i}[i]`;
    };
    const cycles = accesses.flatMap((access, i) => (access === "cycle" || access === "factor" ? [i] : []));
    const uniforms: Record<string, UniformType> = { ...SHARES.uniforms };
    accesses.forEach((access, i) => {
      if (access === "number") uniforms[`value${i}`] = typeOf(i);
    });
    for (const i of cycles) for (const field of Object.keys(cycleUniforms(i, 1, 1))) uniforms[field] = "u32";
    for (const field of strided.length > 0 ? ["shape", ...strided] : []) uniforms[field] = "u32x8";
    const of = (part: string) => `f(${letters.map((letter) => letter + part).join(", ")})`;
    return kernel({
      name,
      reads: Object.fromEntries(
        accesses.flatMap((access, i) => {
          if (access === "number") return [];
          return [[`x${i}`, access === "factor" ? typeOf(i) : wide(typeOf(i))]];
        }),
      ),
      writes: { out: wide(given) },
      uniforms,
      workgroup: FLAT,
      declare: valueFunction(
        op,
        type,
        letters.map((letter, i) => `${letter}: ${typeOf(i)}`),
        given,
      ),
      body: `${SHARES.begin}
${cycles.map(cycleStart).join("\n")}
  ${SHARES.each} {
${strided.length > 0 ? offsetLoop(strided) : ""}
${accesses.map((access, i) => `  let ${letters[i]} = ${read(access, i)};`).join("\n")}
  out[i] = ${fours ? `vec4(${["x", "y", "z", "w"].map((part) => of(`.${part}`)).join(", ")})` : of("")};
${cycles.map(cycleStep).join("\n")}
  }`,
    });
  });
}

/** `f`, the value of one output, and what it calls. */
function valueFunction(
  op: ElementwiseOp,
  type: ComputeType,
  parameters: readonly string[],
  given: string,
): string {
  const expression = typeof op.wgsl === "string" ? op.wgsl : (op.wgsl[type] as string);
  const uses = Array.isArray(op.uses)
    ? op.uses
    : ((op.uses as Partial<Record<string, string[]>>)?.[type] ?? []);
  const guard = op.guard && type === "float32";
  return `${[...new Set([...uses, ...(guard ? [FLOAT.is_nan] : [])])].join("\n")}
fn f(${parameters.join(", ")}) -> ${given} {
  var value = ${op.gives === "bool" ? `u32(${expression})` : expression};
${
  guard
    ? LETTERS.slice(0, parameters.length)
        .map((x) => `  value = select(value, ${x}, is_nan(${x}));`)
        .join("\n")
    : ""
}
  return value;
}`;
}
