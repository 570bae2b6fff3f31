import type { Caps } from "../device/caps.js";
import { gridStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

/*
 * Scans: running sums or products along the middle axis of x [outer, n, inner]. Each line is cut into `parts` of `chunk` values.
 * Where there are several, a first run folds each part, and a second continues from what the parts before it hold (Blelloch
 * 1990, in its two-pass form).
 */

export type ScanOperation = "sum" | "product";

export interface ScanVariant {
  type: "f32" | "i32" | "u32";
  operation: ScanOperation;
  /** From the end of the axis to its start. */
  reverse: boolean;
  /** Each output leaves out its own input. */
  exclusive: boolean;
  /** `fold` gives one value a part, [outer, parts, inner]; `continued` reads what the parts before hold, of that shape. */
  mode: "whole" | "fold" | "continued";
}

/** One invocation a part of a line, neighbours along `inner`. */
export const scanKernel = defineKernel(
  "scan",
  ({ type, operation, reverse, exclusive, mode }: ScanVariant) => {
    const next = operation === "sum" ? "total + x[at]" : "total * x[at]";
    const start = mode === "continued" ? "before[i]" : `${type}(${operation === "sum" ? 0 : 1})`;
    const store = mode === "fold" ? "" : "out[at] = total;";
    return {
      name: `scan ${operation}`,
      reads: { x: type, ...(mode === "continued" ? { before: type } : {}) },
      writes: { out: type },
      uniforms: { n: "u32", inner: "u32", parts: "u32", chunk: "u32" },
      split: gridStride,
      body: `    let part = i / u.inner % u.parts;
    let base = i / (u.inner * u.parts) * u.n * u.inner + i % u.inner;
    let end = min(u.n, (part + 1u) * u.chunk);
    var total = ${start};
    for (var k = part * u.chunk; k < end; k++) {
      let at = base + ${reverse ? "(u.n - 1u - k)" : "k"} * u.inner;
      ${exclusive ? `${store} total = ${next};` : `total = ${next}; ${store}`}
    }
    ${mode === "fold" ? "out[i] = total;" : ""}`,
    };
  },
);

/** How many parts each of `lines` lines of `n` values is cut into: enough invocations for the adapter, parts of 32 values or more. */
export function planScan(lines: number, n: number, { software }: Pick<Caps, "software">) {
  const invocations = software ? 256 : 16384;
  const wanted = Math.min(Math.ceil(n / 32), Math.ceil(invocations / Math.max(1, lines)));
  const chunk = Math.max(1, Math.ceil(n / Math.max(1, wanted)));
  return { parts: Math.max(1, Math.ceil(n / chunk)), chunk };
}
