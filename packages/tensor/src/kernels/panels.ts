import { FLOAT } from "./float.js";
import { ALONG, rowStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

/**
 * Column panels, the layout in which every matrix product reads its right operand:
 * [batch][panel][k][width], columns past the end zero. A row of a panel holds what one step of k needs, contiguously.
 * Source: the packed panels of CPU BLAS libraries; the width is the lanes of a subgroup times 4.
 */
export interface PanelVariant {
  /** The source holds [n, k] (a transposed right operand, a weight or a bank) instead of [k, n]. */
  transposed: boolean;
  sourceHalf: boolean;
  /** Panels hold float16 in pairs instead of float32. */
  half: boolean;
  /** Columns are scaled by one factor each (normalising a bank). */
  scaled: boolean;
  /** Rows are scaled by one factor each and columns shifted (a layer norm before a linear layer). */
  folded: boolean;
}

/** Packs [batch, k, n] or [batch, n, k] into panels; a row of the split is a row of a panel; float16 is written in pairs. */
export const panelKernel = defineKernel("panels", (variant: PanelVariant) => {
  const { transposed, sourceHalf, half, scaled, folded } = variant;
  const at = transposed ? "(b * u.n + col) * u.k + k" : "(b * u.k + k) * u.n + col";
  const load = sourceHalf ? "unpack2x16float(source[at / 2u])[at % 2u]" : "source[at]";
  const scale = scaled ? " * scale[b * u.n + col]" : "";
  const fold = folded ? " * factor[k] - shift[col]" : "";
  const packed = "pack_half(vec2f(value(b, k, first + 2u * j), value(b, k, first + 2u * j + 1u)))";
  const stored = half ? packed : "value(b, k, first + j)";
  return {
    reads: {
      source: sourceHalf ? "u32" : "f32",
      ...(scaled ? { scale: "f32" } : {}),
      ...(folded ? { factor: "f32", shift: "f32" } : {}),
    },
    writes: { panels: half ? "u32" : "f32" },
    uniforms: { k: "u32", n: "u32", width: "u32" },
    split: rowStride,
    declare: `${half ? FLOAT.pack_half : ""}
fn value(b: u32, k: u32, col: u32) -> f32 {
  if (col >= u.n) { return 0.0; }
  let at = ${at};
  return ${load}${scale}${fold};
}`,
    // A row is one k of one panel.
    body: `  let k = row % u.k;
  let panel = row / u.k;
  let perBatch = (u.n + u.width - 1u) / u.width;
  let b = panel / perBatch;
  let first = (panel % perBatch) * u.width;
  ${ALONG} { panels[row * u.length + j] = ${stored}; }`,
  };
});
