import type { Caps } from "../device/caps.js";
import { perRow } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";
import { planRowKernel, type RowVariant, rowElement, rowSplit } from "./rows.js";

/**
 * The lower factors of symmetric matrices [count, n, n], column by column (Cholesky). A squared pivot below `least` counts as `least`.
 *
 * Work split: perRow, a matrix each; those that share one take the rows of a column in turn.
 */
export const choleskyKernel = defineKernel("cholesky", ({ threads }: { threads: number }) => ({
  reads: { x: "f32" },
  writes: { out: "f32" },
  uniforms: { n: "u32", least: "f32" },
  split: perRow(threads),
  body: `  let base = e * u.n * u.n;
  for (var j = 0u; j < u.n; j++) {
    let own = base + j * u.n;
    var pivot = x[own + j];
    for (var k = 0u; k < j; k++) { pivot = fma(-out[own + k], out[own + k], pivot); }
    let root = sqrt(select(pivot, u.least, pivot < u.least));
    for (var i = lane; i < u.n; i += ${threads}u) {
      let line = base + i * u.n;
      if (i < j) { out[line + j] = 0.0; }
      if (i == j) { out[line + j] = root; }
      if (i > j) {
        var value = x[line + j];
        for (var k = 0u; k < j; k++) { value = fma(-out[line + k], out[own + k], value); }
        out[line + j] = value / root;
      }
    }${threads > 1 ? "\n    storageBarrier();" : ""}
  }`,
}));

/** What the text of `mahalanobisKernel` depends on. */
interface GaussianVariant extends RowVariant {
  /** At least n. */
  readonly most: number;
  /** Views of a position that an invocation takes. */
  readonly views: number;
  /** Factors that it reads along together. */
  readonly factors: number;
}

/** On CPUs, where loads are what takes time, an invocation takes views of a position together, and several factors. */
export const planGaussianKernel = (
  { views, n, d }: { views: number; n: number; d: number },
  caps: Pick<Caps, "family">,
): GaussianVariant => {
  const row = planRowKernel(d, caps);
  const most = Math.max(8, 2 ** Math.ceil(Math.log2(n)));
  return row.shared
    ? { ...row, most, views: 1, factors: 1 }
    : { ...row, most, views: views >= 4 ? 4 : views >= 2 ? 2 : 1, factors: 4 };
};

/**
 * Distances sqrt(|delta - A c|^2 / eps + |c|^2) of vectors to Gaussians with covariance A A^T + eps I, c being the solution of
 * (A^T A + eps I) c = A^T delta and delta = x - mean. x [views, positions, d], mean [positions, d], factors A^T [positions, n, d], lower
 * [positions, n, n] the Cholesky factor of A^T A + eps I. A view's distances do not depend on the others that are taken with it.
 *
 * Work split: rowSplit, a row being some views of a position. Those that share a row each solve the small system.
 */
export const mahalanobisKernel = defineKernel(
  "mahalanobis",
  ({ shared, wide, most, views, factors }: GaussianVariant) => {
    const [split, element] = [rowSplit(shared), rowElement(wide)];
    const along = `for (var k = ${split.start}; k < count; k += ${split.step})`;
    const each = (count: number, text: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => text(i)).join("\n");
    const eachView = (text: (v: number) => string) => each(views, text);
    const eachBoth = (text: (f: number, v: number) => string) =>
      each(factors, (f) => eachView((v) => text(f, v)));
    const across = factors / views;
    const solved = (v: number, j: string) => `c[${views}u * (${j}) + ${v}u]`;
    const known = (f: number) => (factors > 1 ? `i + ${f}u < u.n` : "true");
    /** Values of earlier rows of a block leave those of row f; \`entry\` is the factor's between two rows of the block. */
    const within = (f: number, earlier: readonly number[], entry: (f: number, g: number) => string) => `
${earlier
  .map(
    (g) => `      { let entry = lower[${entry(f, g)}];
${eachView((v) => `        value${f}_${v} = fma(-entry, value${g}_${v}, value${f}_${v});`)} }`,
  )
  .join("\n")}
      { let pivot = lower[base + min(i + ${f}u, u.n - 1u) * (u.n + 1u)];
${eachView((v) => `        value${f}_${v} = select(0.0, value${f}_${v} / pivot, ${known(f)});\n        ${solved(v, `i + ${f}u`)} = value${f}_${v};`)} }`;
    const rows = Array.from({ length: factors }, (_, f) => f);
    return {
      reads: { x: element.type, mean: element.type, factors: element.type, lower: "f32" },
      writes: { out: "f32" },
      uniforms: { ...u32("views", "positions", "n", "d"), eps: "f32" },
      split,
      body: `  let count = u.d / ${element.values}u;
  let blocks = (u.views + ${views - 1}u) / ${views}u;
  let position = row / blocks;
  let view = (row % blocks) * ${views}u;
${eachView((v) => `  let vector${v} = min(view + ${v}u, u.views - 1u) * u.positions + position;\n  let own${v} = vector${v} * count;`)}
  let middle = position * count;
  let first = position * u.n * count;
  let base = position * u.n * u.n;
  var c: array<f32, ${most * views}>;
  for (var i = 0u; i < u.n; i += ${factors}u) {
${each(factors, (f) => `    let along${f} = first + min(i + ${f}u, u.n - 1u) * count;\n    let line${f} = base + min(i + ${f}u, u.n - 1u) * u.n;`)}
${eachBoth((f, v) => `    var dots${f}_${v} = ${element.type}();`)}
    ${along} {
      let at = mean[middle + k];
${eachView((v) => `      let delta${v} = x[own${v} + k] - at;`)}
${each(factors, (f) => `      let factor${f} = factors[along${f} + k];`)}
${eachBoth((f, v) => `      dots${f}_${v} = fma(factor${f}, delta${v}, dots${f}_${v});`)}
    }
${eachBoth((f, v) => `    var value${f}_${v} = ${split.sum(element.total(`dots${f}_${v}`))};`)}
    for (var j = 0u; j < i; j++) {
${eachView((v) => `      let known${v} = ${solved(v, "j")};`)}
${each(factors, (f) => `      let entry${f} = lower[line${f} + j];`)}
${eachBoth((f, v) => `      value${f}_${v} = fma(-entry${f}, known${v}, value${f}_${v});`)}
    }
${each(factors, (f) => within(f, rows.slice(0, f), (own, other) => `line${own} + i + ${other}u`))}
  }
${eachView((v) => `  var within${v} = 0.0;`)}
  for (var block = (u.n + ${factors - 1}u) / ${factors}u; block > 0u; block--) {
    let i = (block - 1u) * ${factors}u;
${eachBoth((f, v) => `    var value${f}_${v} = ${solved(v, `i + ${f}u`)};`)}
    for (var j = i + ${factors}u; j < u.n; j++) {
      let line = base + j * u.n + i;
${eachView((v) => `      let known${v} = ${solved(v, "j")};`)}
${each(factors, (f) => `      let entry${f} = lower[line + ${f}u];`)}
${eachBoth((f, v) => `      value${f}_${v} = fma(-entry${f}, known${v}, value${f}_${v});`)}
    }
${[...rows]
  .reverse()
  .map((f) =>
    within(
      f,
      rows.slice(f + 1).reverse(),
      (own, other) => `base + min(i + ${other}u, u.n - 1u) * u.n + i + ${own}u`,
    ),
  )
  .join("\n")}
${eachBoth((f, v) => `    within${v} = fma(value${f}_${v}, value${f}_${v}, within${v});`)}
  }
${eachView((v) => `  var squares${v} = ${element.type}();`)}
  for (var k = ${split.start}; k < count; k += ${across}u * ${split.step}) {
${each(across, (b) => `    let k${b} = min(k + ${b}u * ${split.step}, count - 1u);\n    let at${b} = mean[middle + k${b}];`)}
${each(across, (b) => eachView((v) => `    var apart${b}_${v} = x[own${v} + k${b}] - at${b};`))}
    for (var i = 0u; i < u.n; i++) {
      let line = first + i * count;
${eachView((v) => `      let known${v} = ${solved(v, "i")};`)}
${each(across, (b) => `      let factor${b} = factors[line + k${b}];`)}
${each(across, (b) => eachView((v) => `      apart${b}_${v} -= known${v} * factor${b};`))}
    }
${each(across, (b) => `    if (k + ${b}u * ${split.step} < count) {\n${eachView((v) => `      squares${v} = fma(apart${b}_${v}, apart${b}_${v}, squares${v});`)}\n    }`)}
  }
${eachView(
  (v) => `  let outside${v} = ${split.sum(element.total(`squares${v}`))};
  if (${split.start} == 0u) { out[vector${v}] = sqrt(outside${v} / u.eps + within${v}); }`,
)}`,
    };
  },
);
