import { defineKernel, u32 } from "./kernel.js";
import { type RowVariant, rowElement, rowSplit } from "./rows.js";

/**
 * out[q, j] = |query[q] - bank[index[q, j]]|^2, summed over differences, so that near rows keep their digits. query [m, d], bank [n, d] or
 * one for each `each` queries, index [m, k]; an index outside of the bank counts for its nearest end.
 *
 * Work split: rowSplit over the pairs.
 */
export const pairDistanceKernel = defineKernel("pair distance", ({ shared, wide }: RowVariant) => {
  const [split, element] = [rowSplit(shared), rowElement(wide)];
  return {
    reads: { query: element.type, bank: element.type, index: "i32" },
    writes: { out: "f32" },
    uniforms: u32("n", "d", "k", "each"),
    split,
    body: `  let count = u.d / ${element.values}u;
  let q = row / u.k;
  let chosen = q / u.each * u.n + u32(clamp(index[row], 0, i32(u.n) - 1));
  var squares = ${element.type}();
  for (var i = ${split.start}; i < count; i += ${split.step}) {
    let apart = query[q * count + i] - bank[chosen * count + i];
    squares = fma(apart, apart, squares);
  }
  let total = ${split.sum(element.total("squares"))};
  if (${split.start} == 0u) { out[row] = total; }`,
  };
});
