import { FLOAT } from "./float.js";
import { defineKernel, u32 } from "./kernel.js";
import { mainLoop } from "./main-loop.js";
import { ACTIVATIONS, type Activation } from "./math.js";
import { DEVIATION_INVERSE } from "./rows.js";
import {
  eachRow,
  liveRows,
  type OperandLayout,
  range,
  sumArray,
  sumsOfRow,
  type Tile,
  tileHeight,
  tileWidth,
} from "./tile.js";
import { WINDOW_UNIFORMS } from "./window.js";

/** What the text of a matrix product depends on; sizes travel in uniforms. */
export interface GemmVariant {
  tile: Tile;
  /** Panels hold float16. */
  half: boolean;
  /** How the operands lie; by default `a` is row-major and the right operand in panels. */
  layout?: OperandLayout;
  bias: boolean;
  activation: Activation | null;
  residual: boolean;
  /** The activation comes after the residual, not before. */
  activatesLast?: boolean;
  /** Rows of `a` are divided by their deviation: a layer norm, where the columns of the matrix sum to 0. Subgroup and panel tiles only. */
  normed?: boolean;
  /** Rows of the output are a multiple of 4 floats, so that whole vectors are stored. */
  aligned: boolean;
}

/**
 * out[b, m, n] = activation(scale * a[b, m, k] . panels[b, k, n] + bias[n]) + residual[b, m, n], or the activation of all of that.
 *
 * `a` is row-major and `panels` packed by `panelKernel`, unless `layout` says otherwise. Work split: workgroup (row tile, column tile, batch).
 */
export const gemmKernel = defineKernel("gemm", (variant: GemmVariant) => {
  const { tile, bias, residual, normed = false, aligned, half, layout } = variant;
  const element = aligned ? "vec4f" : "f32";
  const main = mainLoop(tile, half, layout, normed);
  const width = tileWidth(tile);
  const each = (line: (vector: number) => string) => range(tile.vectors).map(line).join("\n");
  // A panel tile has the moments of each row in arrays, others in lanes.
  const ofRows = tile.kind === "panel";
  const shuffled = `subgroupShuffle(inverse[r / ${tile.lanes}u], r % ${tile.lanes}u)`;
  return {
    name: `gemm ${tile.kind} ${tile.rows}x${4 * tile.vectors}${tile.lines > 1 ? ` of ${tileHeight(tile)}x${width}` : ""}`,
    reads: {
      a: main.element,
      panels: main.panels,
      ...(bias ? { bias: "f32" } : {}),
      ...(residual ? { residual: element } : {}),
    },
    writes: { out: element },
    uniforms: {
      ...u32("m", "n", "k", "aBatch", "panelBatch"),
      scale: "f32",
      ...(normed ? { eps: "f32" } : {}),
      ...(layout?.windows ? WINDOW_UNIFORMS : {}),
    },
    ...main.source,
    declare: `${main.source.declare ?? ""}
${normed ? DEVIATION_INVERSE : ""}
${ending(variant)}`,
    body: `${main.begin}
  let colTile = wg.y;
${main.declareSums}
${main.loop}
${sumArray(tile)}
  ${liveRows(tile)}
${each((v) => `  let col${v} = colTile * ${width}u + ${v * tile.lanes * 4}u + ${main.lane} * 4u;`)}
${bias ? each((v) => `  let bias${v} = biasAt(col${v});`) : ""}
${normed && !ofRows ? inverseDeviations(tile) : ""}
  ${eachRow(
    tile,
    `    let scale = u.scale${normed ? ` * ${ofRows ? inverseOf("totals[r]", "squared[r]") : shuffled}` : ""};
${each((v) => `    store(batch * u.m + row0 + r, col${v}, ${sumsOfRow(tile, v)}, scale${bias ? `, bias${v}` : ""});`)}`,
  )}
${main.end ?? ""}`,
  };
});

/** An activation that keeps a NaN, whatever the driver makes of it. */
const ENDED = "fn ended(x: f32) -> f32 { return select(activate(x), x, is_nan(x)); }";

/** WGSL functions that end a product: `store`, by which four sums of a row become values of the output, and `biasAt`. */
export const ending = (variant: Omit<GemmVariant, "half">): string => {
  const { activation } = variant;
  const activate = activation ? `${ACTIVATIONS[activation]}\n${FLOAT.is_nan}\n${ENDED}\n` : "";
  return activate + storeFunction(variant);
};

/** `store` takes the bias, which is read once for all rows of a tile, since a load costs a CPU more than everything else here. */
function storeFunction({
  tile,
  bias,
  activation,
  residual,
  aligned,
  activatesLast,
}: Omit<GemmVariant, "half">): string {
  const part = (c: string) => (bias ? `fma(v.${c}, scale, bias.${c})` : `v.${c} * scale`);
  const last = activation !== null && activatesLast === true;
  const one = (c: string) => (activation && !last ? `ended(${part(c)})` : part(c));
  const components = ["x", "y", "z", "w"];
  // A loop that rotates the values, with a bound of 4 that compilers do not know, holds the code of a long activation once: four
  // copies of a GELU cost a tile of 40 rows a quarter of its speed. Short activations lose by the loop.
  const onCpu = !["workgroup", "direct", "matrix"].includes(tile.kind);
  const rotated = !last && onCpu && (activation === "gelu" || activation === "gelu_tanh");
  const biasAt = `fn biasAt(col: u32) -> vec4f {
  let last = u.n - 1u;
  return vec4f(bias[min(col, last)], bias[min(col + 1u, last)], bias[min(col + 2u, last)], bias[min(col + 3u, last)]);
}
`;
  const begin = `${bias ? biasAt : ""}fn store(row: u32, col: u32, v: vec4f, scale: f32${bias ? ", bias: vec4f" : ""}) {
  var values = vec4f(${components.map(rotated ? part : one).join(", ")});
  ${rotated ? "for (var i = 0u; i < 4u + (u.n >> 31u); i++) { values = vec4f(values.yzw, ended(values.x)); }" : ""}`;
  const added = (value: string) => (residual ? `${value} + residual[at]` : value);
  const all = components.map((c) => `ended(sum.${c})`).join(", ");
  if (aligned) {
    return `${begin}
  if (col >= u.n) { return; }
  let at = (row * u.n + col) / 4u;
  let sum = ${added("values")};
  out[at] = ${last ? `vec4f(${all})` : "sum"};
}`;
  }
  return `${begin}
  for (var j = 0u; j < rolled(4u, u.n) && col + j < u.n; j++) {
    let at = row * u.n + col + j;
    let sum = ${added("values[j]")};
    out[at] = ${last ? "ended(sum)" : "sum"};
  }
}`;
}

/** WGSL that declares `inverse`: lane l of element g holds 1 / deviation of row l of group g. */
const inverseDeviations = ({ rows, lanes }: Tile): string => {
  const each = range(Math.ceil(rows / lanes)).map((g) => inverseOf(`total${g}`, `squares${g}`));
  return `  var inverse = array<f32, ${each.length}>(${each.join(", ")});`;
};

/** WGSL for 1 / deviation of a row, of the sums of its values and their squares. */
const inverseOf = (total: string, squares: string): string =>
  `deviation_inverse(${squares} / f32(u.k) - (${total} / f32(u.k)) * (${total} / f32(u.k)))`;
