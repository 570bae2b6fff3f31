import type { KernelFamily } from "../device/caps.js";
import type { KernelSource } from "./kernel.js";

/** Invocations that share a row where rows are reduced in workgroup memory. */
const ROW_THREADS = 64;
/** Rows of a workgroup where each invocation has its own. */
const ROWS = 8;

/**
 * How a kernel that reduces rows is shared out: on GPUs a workgroup a row, its invocations striding along it and combining
 * partial results in workgroup memory; on CPUs, where barriers are dear, an invocation a row.
 */
export interface RowSplit {
  source: Pick<KernelSource, "workgroup" | "declare">;
  /** Declares `row` and leaves when it is past `u.rows`. */
  begin: string;
  /** First index of this invocation along the row, and its step. */
  start: string;
  step: string;
  /** WGSL expression of a partial sum (a variable's name) summed over all that share the row. */
  sum(partial: string): string;
  grid(rows: number, maxPerDimension: number): [number, number, number];
}

export function rowSplit(family: KernelFamily): RowSplit {
  if (family !== "workgroup") {
    return {
      source: { workgroup: ROWS },
      begin: `let row = (wg.y * groups.x + wg.x) * ${ROWS}u + lid;\n  if (row >= u.rows) { return; }`,
      start: "0u",
      step: "1u",
      sum: (partial) => partial,
      grid: (rows, most) => fold(Math.ceil(rows / ROWS), most),
    };
  }
  return {
    source: {
      workgroup: ROW_THREADS,
      declare: `var<workgroup> partials: array<f32, ${ROW_THREADS}>;
fn row_sum(value: f32, lid: u32) -> f32 {
  workgroupBarrier();
  partials[lid] = value;
  workgroupBarrier();
  for (var half = ${ROW_THREADS / 2}u; half > 0u; half = half / 2u) {
    if (lid < half) { partials[lid] += partials[lid + half]; }
    workgroupBarrier();
  }
  return partials[0];
}`,
    },
    // Whole workgroups leave together, so the barriers stay in uniform control flow.
    begin: "let row = wg.y * groups.x + wg.x;\n  if (row >= u.rows) { return; }",
    start: "lid",
    step: `${ROW_THREADS}u`,
    sum: (partial) => `row_sum(${partial}, lid)`,
    grid: (rows, most) => fold(rows, most),
  };
}

function fold(groups: number, most: number): [number, number, number] {
  if (groups <= most) return [groups, 1, 1];
  const y = Math.ceil(groups / most);
  return [Math.ceil(groups / y), y, 1];
}

/** How a kernel reads rows: four values at once where rows are a multiple of 4 long, which on CPUs costs little more than one. */
export interface RowElement {
  readonly values: 1 | 4;
  readonly type: "f32" | "vec4f";
  /** WGSL for the sum of an element's values. */
  total(element: string): string;
}

export const rowElement = (n: number): RowElement =>
  n % 4 === 0
    ? { values: 4, type: "vec4f", total: (element) => `dot(${element}, vec4f(1.0))` }
    : { values: 1, type: "f32", total: (element) => element };

/** WGSL that declares `inverse`, 1 / |row| of the rows of `name`, `u.n` values each, and 0 for a zero row. */
export const inverseNormOf = (name: string, split: RowSplit, { type, values, total }: RowElement): string =>
  `  let count = u.n / ${values}u;
  let base = row * count;
  var squares = ${type}();
  for (var i = ${split.start}; i < count; i += ${split.step}) { squares = fma(${name}[base + i], ${name}[base + i], squares); }
  let norm2 = ${split.sum(total("squares"))};
  let inverse = select(0.0, 1.0 / sqrt(norm2), norm2 > 0.0);`;
