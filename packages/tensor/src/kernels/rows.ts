import type { Caps } from "../device/caps.js";
import { FLOAT } from "./float.js";
import { GROUP, groupsOf, perGroup, ROW_THREADS, type Split } from "./grid.js";

/** Rows of a workgroup where each invocation has its own. */
const ROWS = 8;

/**
 * How a kernel that reduces rows splits them; it declares `row`. On GPUs a workgroup takes a row: its invocations stride along it and
 * combine partial results in workgroup memory. On CPUs, where barriers are expensive, an invocation takes a row.
 */
export interface RowSplit extends Split {
  /** First index of this invocation along the row, and its step. */
  start: string;
  step: string;
  /** WGSL expression of a partial sum (a variable's name) summed over all that share the row. */
  sum(partial: string): string;
}

/** What the text of such a kernel depends on. */
export interface RowVariant {
  /** A workgroup shares a row. */
  readonly shared: boolean;
  /** Rows are a multiple of 4 long and are read four values at once. */
  readonly wide: boolean;
}

/** The variant for rows of n values. */
export const planRowKernel = (n: number, { family }: Pick<Caps, "family">): RowVariant => ({
  shared: family === "workgroup",
  wide: n % 4 === 0,
});

export const rowSplit = (shared: boolean): RowSplit => (shared ? GROUP_A_ROW : INVOCATION_A_ROW);

const INVOCATION_A_ROW: RowSplit = {
  workgroup: ROWS,
  uniforms: { rows: "u32" },
  around: (body) => `  let row = (${GROUP}) * ${ROWS}u + lid;\n  if (row >= u.rows) { return; }\n${body}`,
  plan: groupsOf(ROWS, "rows"),
  start: "0u",
  step: "1u",
  sum: (partial) => partial,
};

const GROUP_A_ROW: RowSplit = {
  ...perGroup(ROW_THREADS),
  declare: `var<workgroup> partials: array<f32, ${ROW_THREADS}>;
fn row_sum(value: f32, lid: u32) -> f32 {
  workgroupBarrier();
  partials[lid] = value;
  workgroupBarrier();
  for (var half = rolled(${ROW_THREADS / 2}u, u.rows); half > 0u; half = half / 2u) {
    if (lid < half) { partials[lid] += partials[lid + half]; }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&partials[0]);
}`,
  start: "lid",
  step: `${ROW_THREADS}u`,
  sum: (partial) => `row_sum(${partial}, lid)`,
};

/** How a kernel reads rows: four values at once where it can, which on CPUs costs little more than one. */
export interface RowElement {
  readonly values: 1 | 4;
  readonly type: "f32" | "vec4f";
  /** WGSL for the sum of an element's values. */
  total(element: string): string;
}

export const rowElement = (wide: boolean): RowElement =>
  wide
    ? { values: 4, type: "vec4f", total: (element) => `dot(${element}, vec4f(1.0))` }
    : { values: 1, type: "f32", total: (element) => element };

/**
 * WGSL that declares `inverse`, 1 / |row| of the rows of `name`, `u.n` values each; 0 for a zero row and NaN for one with a NaN. Where
 * the squares leave the range of float32 they are added again of values scaled by 2^70 or its inverse. Lengths below the smallest normal
 * number count as 0.
 */
export const inverseNormOf = (name: string, split: RowSplit, { type, values, total }: RowElement): string =>
  `  let count = u.n / ${values}u;
  let base = row * count;
  var squares = ${type}();
  for (var i = ${split.start}; i < count; i += ${split.step}) { squares = fma(${name}[base + i], ${name}[base + i], squares); }
  var norm2 = ${split.sum(total("squares"))};
  var unit = 1.0;
  if (!(norm2 > ${SMALL} && norm2 < ${LARGE})) {
    unit = select(${2 ** 70}, ${2 ** -70}, norm2 > 1.0);
    squares = ${type}();
    for (var i = ${split.start}; i < count; i += ${split.step}) {
      let scaled = ${name}[base + i] * unit;
      squares = fma(scaled, scaled, squares);
    }
    norm2 = ${split.sum(total("squares"))};
  }
  let known = (bitcast<u32>(norm2) & 0x7fffffffu) <= 0x7f800000u;
  let inverse = select(norm2, select(0.0, unit / sqrt(norm2), norm2 > ${2 ** -112}), known);`;

/** Sums of squares between these are right in float32. */
const SMALL = 2 ** -80;
const LARGE = "3e38";

/** WGSL for 1 / sqrt(variance + eps), whatever rounding made of the variance; NaN where it left the range of float32. */
export const DEVIATION_INVERSE = `${FLOAT.is_finite}
${FLOAT.nan}
fn deviation_inverse(variance: f32) -> f32 {
  return select(nan(), inverseSqrt(max(variance, 0.0) + u.eps), is_finite(variance));
}`;

/** Elements that are read together for a row's moments. */
const CHUNK = 4;

/**
 * WGSL that declares `mean` and `squares`, the sum of squared deviations from the mean, of the row at `base` of `name`, `count`
 * elements. An invocation that has a row to itself reads it once, a chunk at a time, and joins the moments of the chunks (Chan et al.
 * 1979), since a load on a CPU costs more than that.
 */
export function momentsOf(name: string, split: RowSplit, { type, values, total }: RowElement): string {
  if (split.step !== "1u") {
    return `  var sum = ${type}();
  for (var i = ${split.start}; i < count; i += ${split.step}) { sum += ${name}[base + i]; }
  let mean = ${split.sum(total("sum"))} / f32(u.n);
  var apart = ${type}();
  for (var i = ${split.start}; i < count; i += ${split.step}) { let d = ${name}[base + i] - mean; apart = fma(d, d, apart); }
  let squares = ${split.sum(total("apart"))};`;
  }
  const chunk = (elements: number) => {
    const each = Array.from({ length: elements }, (_, i) => i);
    const size = `${(elements * values).toFixed(1)}`;
    return `${each.map((i) => `    let c${i} = ${name}[base + i + ${i}u];`).join("\n")}
    let middle = ${total(`(${each.map((i) => `c${i}`).join(" + ")})`)} / ${size};
${each.map((i) => `    let d${i} = c${i} - middle;`).join("\n")}
    let share = ${size} / (before + ${size});
    let step = middle - mean;
    squares += ${total(`(${each.map((i) => `d${i} * d${i}`).join(" + ")})`)} + step * step * before * share;
    mean = fma(step, share, mean);
    before += ${size};`;
  };
  return `  var mean = 0.0;
  var squares = 0.0;
  var before = 0.0;
  let whole = count - count % ${CHUNK}u;
  for (var i = 0u; i < whole; i += ${CHUNK}u) {
${chunk(CHUNK)}
  }
  for (var i = whole; i < count; i++) {
${chunk(1)}
  }`;
}
