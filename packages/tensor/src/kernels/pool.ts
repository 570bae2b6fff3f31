import { FLOAT } from "./float.js";
import { gridStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/*
 * Pooling of images x [planes, height, width, inner] to [planes, outHeight, outWidth, inner]. A window is [start, end) along each axis: by kernel,
 * stride and padding, clipped to the image, or, adaptive, an equal share of it (overlapping by one where it does not divide, as in
 * PyTorch). Image and windows are walked from either side by the same bounds, so gradients need no atomics.
 */

export interface PoolVariant {
  readonly mode: "mean" | "max";
  readonly adaptive: boolean;
  /** Mean only: padding counts as zeros. */
  readonly countPadding: boolean;
}

const UNIFORMS = u32(
  "inner",
  ...["Y", "X"].flatMap((axis) => ["in", "out", "kernel", "stride", "padding"].map((name) => name + axis)),
);

/** WGSL of window bounds along an axis: of output `o` on the image, and of the outputs whose windows hold place `p`. */
const bounds = (adaptive: boolean): string =>
  ["Y", "X"]
    .map((axis) => {
      const u = (name: string) => `u.${name}${axis}`;
      if (adaptive) {
        return `fn start${axis}(o: u32) -> u32 { return o * ${u("in")} / ${u("out")}; }
fn end${axis}(o: u32) -> u32 { return ((o + 1u) * ${u("in")} + ${u("out")} - 1u) / ${u("out")}; }
fn first${axis}(p: u32) -> u32 { return p * ${u("out")} / ${u("in")}; }
fn past${axis}(p: u32) -> u32 { return ((p + 1u) * ${u("out")} + ${u("in")} - 1u) / ${u("in")}; }`;
      }
      return `fn start${axis}(o: u32) -> u32 { return max(o * ${u("stride")}, ${u("padding")}) - ${u("padding")}; }
fn end${axis}(o: u32) -> u32 { return min(${u("in")}, o * ${u("stride")} + ${u("kernel")} - ${u("padding")}); }
fn first${axis}(p: u32) -> u32 {
  let reach = p + ${u("padding")} + 1u;
  return select(0u, (reach - ${u("kernel")} + ${u("stride")} - 1u) / ${u("stride")}, reach > ${u("kernel")});
}
fn past${axis}(p: u32) -> u32 { return min(${u("out")}, (p + ${u("padding")}) / ${u("stride")} + 1u); }`;
    })
    .join("\n");

/** How many values the mean of window (oy, ox) is over. */
const area = ({ adaptive, countPadding }: PoolVariant): string =>
  adaptive || !countPadding
    ? "f32((endY(oy) - startY(oy)) * (endX(ox) - startX(ox)))"
    : "f32(u.kernelY * u.kernelX)";

/** `place` gives where in its image plane each maximum lies (the first of equals, the first NaN), y * width + x. */
export const poolKernel = defineKernel(
  "pool",
  ({ place, ...variant }: PoolVariant & { readonly place: boolean }) => {
    const max = variant.mode === "max";
    return {
      name: `${variant.mode} pool`,
      reads: { x: "f32" },
      writes: { out: place ? "i32" : "f32" },
      uniforms: UNIFORMS,
      split: gridStride,
      declare: `${max ? FLOAT.is_nan : ""}\n${bounds(variant.adaptive)}`,
      body: `    let c = i % u.inner;
    let o = i / u.inner;
    let ox = o % u.outX;
    let oy = o / u.outX % u.outY;
    let plane = o / (u.outX * u.outY) * u.inY * u.inX;
    let left = startX(ox);
    let right = endX(ox);
    let top = startY(oy);
    var best = ${max ? "x[(plane + top * u.inX + left) * u.inner + c]" : "0.0"};
    var at = top * u.inX + left;
    for (var y = top; y < endY(oy); y++) {
      for (var column = left; column < right; column++) {
        let value = x[(plane + y * u.inX + column) * u.inner + c];
        ${max ? "if (!is_nan(best) && (value > best || is_nan(value))) { best = value; at = y * u.inX + column; }" : "best += value;"}
      }
    }
    out[i] = ${place ? "i32(at)" : max ? "best" : `best / ${area(variant)}`};`,
    };
  },
);

/** The gradient by x: each place collects from the windows that hold it, for maxima from those that chose it. */
export const poolBackwardKernel = defineKernel("pool backward", (variant: PoolVariant) => {
  const max = variant.mode === "max";
  return {
    name: `${variant.mode} pool backward`,
    reads: { g: "f32", ...(max ? { chosen: "i32" } : {}) },
    writes: { out: "f32" },
    uniforms: UNIFORMS,
    split: gridStride,
    declare: bounds(variant.adaptive),
    body: `    let c = i % u.inner;
    let p = i / u.inner;
    let column = p % u.inX;
    let y = p / u.inX % u.inY;
    let plane = p / (u.inX * u.inY) * u.outY * u.outX;
    var total = 0.0;
    for (var oy = firstY(y); oy < pastY(y); oy++) {
      for (var ox = firstX(column); ox < pastX(column); ox++) {
        let window = (plane + oy * u.outX + ox) * u.inner + c;
        ${max ? "if (chosen[window] == i32(y * u.inX + column)) { total += g[window]; }" : `total += g[window] / ${area(variant)};`}
      }
    }
    out[i] = total;`,
  };
});
