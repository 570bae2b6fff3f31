import { FLOAT } from "./float.js";
import { gridStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/*
 * Bilinear samples of images x [batch, channels, height, width] at positions grid [batch, places, 2], (x, y) from -1 to 1. Between
 * corners [y, x] = [0, 0], [0, 1], [1, 0], [1, 1] with weights by the distance. Outside the image values are 0, or positions
 * are brought inside: held to the image (`border`), or mirrored at its edges and then held to it (`reflection`).
 */

export interface GridSampleVariant {
  readonly alignCorners: boolean;
  readonly padding: "zeros" | "border" | "reflection";
}

const UNIFORMS = u32("channels", "height", "width", "places");

/** Two places past the edge is as far out as any. */
const FAR = "-2.0, f32(size) + 1.0";

/** Mirrors at the edges, or at the centres of the corner pixels, as often as it takes. */
const reflection = (alignCorners: boolean): string => `let low = ${alignCorners ? "0.0" : "-0.5"};
  let span = ${alignCorners ? "max(1.0, f32(size) - 1.0)" : "f32(size)"};
  let away = clamp(raw(at, size), -1e6, 1e6) - low;
  let turns = floor(abs(away) / span);
  let rest = abs(away) - turns * span;
  let odd = i32(turns) % 2 == 1;
  return vec2f(select(rest, span - rest, odd) + low, select(1.0, -1.0, odd != (away < 0.0)));`;

const positions = ({ alignCorners, padding }: GridSampleVariant): string => `${FLOAT.is_nan}
fn raw(at: f32, size: u32) -> f32 {
  return ${alignCorners ? "(at + 1.0) * 0.5 * (f32(size) - 1.0)" : "((at + 1.0) * f32(size) - 1.0) * 0.5"};
}
// A place inside the edges, and the direction in which it goes there.
fn brought(at: f32, size: u32) -> vec2f {
  ${padding === "reflection" ? reflection(alignCorners) : "return vec2f(raw(at, size), 1.0);"}
}
fn position(at: f32, size: u32) -> f32 {
  return clamp(brought(at, size).x, ${padding === "zeros" ? FAR : "0.0, f32(size) - 1.0"});
}
fn slope(at: f32, size: u32) -> f32 {
  let scale = ${alignCorners ? "0.5 * (f32(size) - 1.0)" : "0.5 * f32(size)"};
  let place = brought(at, size);
  return ${padding === "zeros" ? "scale" : "select(0.0, scale * place.y, place.x > 0.0 && place.x < f32(size) - 1.0)"};
}
fn inside(y: i32, x: i32) -> bool { return y >= 0 && x >= 0 && y < i32(u.height) && x < i32(u.width); }`;

const PIXEL = `fn pixel(plane: u32, y: i32, column: i32) -> f32 {
  if (!inside(y, column)) { return 0.0; }
  return x[plane + u32(y) * u.width + u32(column)];
}`;

const CORNER = `let px = position(grid[2u * place], u.width);
    let py = position(grid[2u * place + 1u], u.height);
    let x0 = i32(floor(px));
    let y0 = i32(floor(py));
    let tx = px - floor(px);
    let ty = py - floor(py);
    let known = !is_nan(grid[2u * place]) && !is_nan(grid[2u * place + 1u]);`;

/** NaN positions give NaN. */
export const gridSampleKernel = defineKernel("grid sample", (variant: GridSampleVariant) => ({
  reads: { x: "f32", grid: "f32" },
  writes: { out: "f32" },
  uniforms: UNIFORMS,
  split: gridStride,
  declare: `${positions(variant)}\n${PIXEL}\n${FLOAT.nan}`,
  body: `    let image = i / (u.places * u.channels);
    let place = image * u.places + i % u.places;
    let plane = i / u.places * u.height * u.width;
    ${CORNER}
    var value = nan();
    if (known) {
      let top = pixel(plane, y0, x0) * (1.0 - tx) + pixel(plane, y0, x0 + 1) * tx;
      let bottom = pixel(plane, y0 + 1, x0) * (1.0 - tx) + pixel(plane, y0 + 1, x0 + 1) * tx;
      value = top * (1.0 - ty) + bottom * ty;
    }
    out[i] = value;`,
}));

/** For each corner of each place its index into [batch, height, width] and its weight, [4, batch, places]; 0 outside. */
export const gridCornersKernel = defineKernel("grid corners", (variant: GridSampleVariant) => ({
  reads: { grid: "f32" },
  writes: { index: "i32", weight: "f32" },
  uniforms: UNIFORMS,
  split: gridStride,
  declare: positions(variant),
  body: `    let place = i;
    ${CORNER}
    let first = i / u.places * u.height * u.width;
    for (var corner = 0u; corner < 4u; corner++) {
      let down = corner / 2u;
      let right = corner % 2u;
      let y = y0 + i32(down);
      let column = x0 + i32(right);
      let held = known && inside(y, column);
      let share = select(1.0 - ty, ty, down == 1u) * select(1.0 - tx, tx, right == 1u);
      index[corner * u.count + i] = select(0, i32(first + u32(y) * u.width + u32(column)), held);
      weight[corner * u.count + i] = select(0.0, share, held);
    }`,
}));

/** The gradient by the grid: a place goes through the channels. */
export const gridBackwardKernel = defineKernel("grid sample backward", (variant: GridSampleVariant) => ({
  reads: { x: "f32", grid: "f32", g: "f32" },
  writes: { out: "f32" },
  uniforms: UNIFORMS,
  split: gridStride,
  declare: `${positions(variant)}\n${PIXEL}`,
  body: `    let place = i;
    ${CORNER}
    var total = vec2f();
    for (var c = 0u; known && c < u.channels; c++) {
      let channel = i / u.places * u.channels + c;
      let plane = channel * u.height * u.width;
      let a = pixel(plane, y0, x0);
      let b = pixel(plane, y0, x0 + 1);
      let d = pixel(plane, y0 + 1, x0);
      let e = pixel(plane, y0 + 1, x0 + 1);
      let slopes = vec2f((b - a) * (1.0 - ty) + (e - d) * ty, (d - a) * (1.0 - tx) + (e - b) * tx);
      total += slopes * g[channel * u.places + i % u.places];
    }
    out[2u * i] = total.x * slope(grid[2u * i], u.width);
    out[2u * i + 1u] = total.y * slope(grid[2u * i + 1u], u.height);`,
}));
