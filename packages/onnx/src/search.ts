import type { Graph } from "./graph.js";

/** Rows of a bank, [rows, width], brought to length 1; rows of zeros stay. */
export function unitRows(rows: ArrayLike<number>, width: number): Float32Array {
  const made = Float32Array.from(rows);
  for (let at = 0; at < made.length; at += width) {
    const row = made.subarray(at, at + width);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    if (length > 0) for (let i = 0; i < width; i++) row[i] /= length;
  }
  return made;
}

/** Lengths below this count as this: patches of zeros have the cosine 0 to all. */
const SHORTEST = 1e-30;

/** Vectors along the last axis brought to length 1. */
export const unit = (graph: Graph, x: string): string => {
  const length = graph.node("ReduceL2", [x], { axes: [-1], keepdims: 1 });
  const floor = graph.constant([1], Float32Array.of(SHORTEST));
  return graph.node("Div", [x, graph.node("Max", [length, floor])]);
};

/**
 * The residual map M (paper, eq. 2 and 3): half of 1 - cosine of each patch to the nearest of the bank's, mean over the taps.
 *
 * @param taps patches, [batch, patches, width] each, of any length.
 * @param banks of each tap rows of length 1, [rows, width], transposed: [width, rows].
 * @returns [batch, patches].
 */
export function residualMap(
  graph: Graph,
  taps: readonly string[],
  banks: readonly { readonly width: number; readonly columns: Float32Array }[],
): string {
  const cosines = taps.map((tap, i) => {
    const { width, columns } = banks[i];
    const bank = graph.constant([width, columns.length / width], columns);
    const all = graph.node("MatMul", [unit(graph, tap), bank]);
    return graph.node("ReduceMax", [all], { axes: [-1], keepdims: 0 });
  });
  const sum = cosines.reduce((joined, each) => graph.node("Add", [joined, each]));
  const constant = (value: number) => graph.constant([1], Float32Array.of(value));
  return graph.node("Add", [graph.node("Mul", [sum, constant(-0.5 / taps.length)]), constant(0.5)]);
}

/** The mean of the largest values of each map, [batch, patches] to [batch]; the maximum for `largest` 1. */
export function aggregated(graph: Graph, map: string, largest: number): string {
  if (largest === 1) return graph.node("ReduceMax", [map], { axes: [1], keepdims: 0 });
  const [values] = graph.nodes(2, "TopK", [map, graph.integers(largest)], { axis: 1, largest: 1, sorted: 1 });
  return graph.node("ReduceMean", [values], { axes: [1], keepdims: 0 });
}
