import type { ComputeType } from "../dtype.js";
import { wgslScalar } from "../dtype.js";
import { FLOAT } from "./float.js";
import { gridStride, WORKGROUP } from "./grid.js";
import { defineKernel, type UniformType } from "./kernel.js";
import { offsetLoop } from "./strided.js";

/** The value of an elementwise op as WGSL; operands are `a`, `b` and `c`. */
export interface Expression {
  /** The value, of the operands' type; or one text for each type where they differ. */
  readonly wgsl: string | Partial<Record<ComputeType, string>>;
  /** WGSL functions that the expression calls, or one list for each type. */
  readonly uses?: readonly string[] | Partial<Record<ComputeType, readonly string[]>>;
  /** The expression may lose a NaN on some drivers: the kernel puts it back. */
  readonly guard?: true;
  /** The first operand is bool, whatever the others are. */
  readonly condition?: true;
  /** Type of the result where it is not that of the operands. */
  readonly gives?: "bool";
}

/**
 * How a kernel finds an operand's value for output i: at i; at (i / inner) % size, which covers one value, a bias along
 * the last axes and a factor along leading or middle ones; by strides; or as a uniform. A factor of kernels that take four
 * outputs at a time is a cycle whose value all four share.
 */
export type Access = "same" | "cycle" | "factor" | "strided" | "number";

export interface ElementwiseVariant {
  readonly type: ComputeType;
  readonly accesses: readonly Access[];
  /** Outputs are taken four at a time, and counts and strides are in fours. */
  readonly fours: boolean;
}

export const LETTERS = ["a", "b", "c"] as const;

/*
 * (i / inner) % size without a division for every output, which costs most on CPUs: `at` counts it, `rest` is i % inner,
 * and both advance as i does by WORKGROUP.
 */
export const cycleUniforms = (operand: number, inner: number, size: number) => ({
  [`inner${operand}`]: inner,
  [`size${operand}`]: size,
  [`restStep${operand}`]: WORKGROUP % inner,
  [`atStep${operand}`]: Math.floor(WORKGROUP / inner) % size,
});
const cycleStart = (o: number) => `  var rest${o} = first % u.inner${o};
  var at${o} = (first / u.inner${o}) % u.size${o};`;
const cycleStep = (o: number) => `  rest${o} += u.restStep${o};
  at${o} += u.atStep${o} + select(0u, 1u, rest${o} >= u.inner${o});
  rest${o} -= select(0u, u.inner${o}, rest${o} >= u.inner${o});
  at${o} -= select(0u, u.size${o}, at${o} >= u.size${o});`;

/** out[i] = f(a, b, c): the kernels of one expression, for types and accesses to the operands. Work split: gridStride. */
/* @__NO_SIDE_EFFECTS__ */
export const elementwiseKernels = (name: string, expression: Expression) =>
  defineKernel(name, (variant: ElementwiseVariant) => elementwiseSource(expression, variant));

function elementwiseSource(expression: Expression, { type, accesses, fours }: ElementwiseVariant) {
  const scalar = wgslScalar(type);
  const typeOf = (i: number) => (expression.condition && i === 0 ? "u32" : scalar);
  const wide = (one: string) => (fours ? `vec4<${one}>` : one);
  const given = expression.gives === "bool" ? "u32" : scalar;
  const letters = LETTERS.slice(0, accesses.length);
  const strided = accesses.flatMap((access, i) => (access === "strided" ? [`strides${i}`] : []));
  const read = (access: Access, i: number): string => {
    if (access === "number") return fours ? `vec4(u.value${i})` : `u.value${i}`;
    if (access === "factor") return `vec4(x${i}[at${i}])`;
    if (access === "cycle") return `x${i}[at${i}]`;
    return access === "strided" ? `x${i}[at_strides${i}]` : `x${i}[i]`;
  };
  const cycles = accesses.flatMap((access, i) => (access === "cycle" || access === "factor" ? [i] : []));
  const uniforms: Record<string, UniformType> = {};
  accesses.forEach((access, i) => {
    if (access === "number") uniforms[`value${i}`] = typeOf(i);
  });
  for (const i of cycles) for (const field of Object.keys(cycleUniforms(i, 1, 1))) uniforms[field] = "u32";
  for (const field of strided.length > 0 ? ["shape", ...strided] : []) uniforms[field] = "u32x8";
  const of = (part: string) => `f(${letters.map((letter) => letter + part).join(", ")})`;
  return {
    reads: Object.fromEntries(
      accesses.flatMap((access, i) => {
        if (access === "number") return [];
        return [[`x${i}`, access === "factor" ? typeOf(i) : wide(typeOf(i))]];
      }),
    ),
    writes: { out: wide(given) },
    uniforms,
    split: gridStride,
    declare: valueFunction(
      expression,
      type,
      letters.map((letter, i) => `${letter}: ${typeOf(i)}`),
      given,
    ),
    setup: cycles.map(cycleStart).join("\n"),
    body: `${strided.length > 0 ? offsetLoop(strided) : ""}
${accesses.map((access, i) => `  let ${letters[i]} = ${read(access, i)};`).join("\n")}
  out[i] = ${fours ? `vec4(${["x", "y", "z", "w"].map((part) => of(`.${part}`)).join(", ")})` : of("")};
${cycles.map(cycleStep).join("\n")}`,
  };
}

/** `f`, the value of one output, and what it calls. */
function valueFunction(
  { wgsl, uses = [], guard, gives }: Expression,
  type: ComputeType,
  parameters: readonly string[],
  given: string,
): string {
  const value = typeof wgsl === "string" ? wgsl : wgsl[type];
  const called = Array.isArray(uses)
    ? uses
    : ((uses as Partial<Record<string, readonly string[]>>)[type] ?? []);
  const guarded = guard && type === "float32";
  return `${[...new Set([...called, ...(guarded ? [FLOAT.is_nan] : [])])].join("\n")}
fn f(${parameters.join(", ")}) -> ${given} {
  var value = ${gives === "bool" ? `u32(${value})` : value};
${
  guarded
    ? LETTERS.slice(0, parameters.length)
        .map((x) => `  value = select(value, ${x}, is_nan(${x}));`)
        .join("\n")
    : ""
}
  return value;
}`;
}
