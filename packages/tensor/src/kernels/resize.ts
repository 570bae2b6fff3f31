import { gridStride } from "./grid.js";
import { defineKernel, u32 } from "./kernel.js";

/*
 * Bilinear resizing of planes [inY, inX] to [outY, outX]. Output o reads the places lower and lower + 1 around o's position with
 * weights 1 - t and t. Position: o * (in - 1) / (out - 1) where corners align, else (o + 0.5) * in / out - 0.5, not below 0.
 * `scale` is the step between positions; `shift` is 0 where corners align and 0.5 elsewhere.
 */

const STEPS = { scaleY: "f32", scaleX: "f32", shift: "f32" } as const;
const UNIFORMS = { ...u32("inY", "inX", "outY", "outX"), ...STEPS };

const TAP = `struct Tap { lower: u32, upper: u32, t: f32 }
fn tap(o: u32, size: u32, scale: f32) -> Tap {
  let position = max(fma(f32(o) + u.shift, scale, -u.shift), 0.0);
  let lower = min(u32(position), size - 1u);
  return Tap(lower, min(lower + 1u, size - 1u), min(position - f32(lower), 1.0));
}`;

export const resizeKernel = defineKernel("resize bilinear", () => ({
  reads: { x: "f32" },
  writes: { out: "f32" },
  uniforms: UNIFORMS,
  split: gridStride,
  declare: TAP,
  body: `    let column = tap(i % u.outX, u.inX, u.scaleX);
    let row = tap(i / u.outX % u.outY, u.inY, u.scaleY);
    let plane = i / (u.outX * u.outY) * u.inY * u.inX;
    let above = plane + row.lower * u.inX;
    let below = plane + row.upper * u.inX;
    let top = x[above + column.lower] * (1.0 - column.t) + x[above + column.upper] * column.t;
    let bottom = x[below + column.lower] * (1.0 - column.t) + x[below + column.upper] * column.t;
    out[i] = top * (1.0 - row.t) + bottom * row.t;`,
}));

/** The gradient by x: each place collects from the outputs that read it, which lie within a step of it on either side. */
export const resizeBackwardKernel = defineKernel("resize bilinear backward", () => ({
  reads: { g: "f32" },
  writes: { out: "f32" },
  uniforms: UNIFORMS,
  split: gridStride,
  declare: `${TAP}
fn weight(o: u32, place: u32, size: u32, scale: f32) -> f32 {
  let read = tap(o, size, scale);
  return select(0.0, 1.0 - read.t, read.lower == place) + select(0.0, read.t, read.upper == place);
}
// One output more on either side than the positions say, since they are rounded.
fn first_reader(place: u32, size: u32, scale: f32) -> u32 {
  if (place == 0u || scale <= 0.0) { return 0u; }
  return u32(max((f32(place) - 1.0 + u.shift) / scale - u.shift - 1.0, 0.0));
}
fn past_reader(place: u32, size: u32, count: u32, scale: f32) -> u32 {
  if (place == size - 1u || scale <= 0.0) { return count; }
  return min(count, u32(max((f32(place) + 1.0 + u.shift) / scale - u.shift, 0.0)) + 2u);
}`,
  body: `    let column = i % u.inX;
    let row = i / u.inX % u.inY;
    let plane = i / (u.inX * u.inY) * u.outY * u.outX;
    let right = past_reader(column, u.inX, u.outX, u.scaleX);
    let bottom = past_reader(row, u.inY, u.outY, u.scaleY);
    var total = 0.0;
    for (var oy = first_reader(row, u.inY, u.scaleY); oy < bottom; oy++) {
      let share = weight(oy, row, u.inY, u.scaleY);
      if (share == 0.0) { continue; }
      for (var ox = first_reader(column, u.inX, u.scaleX); ox < right; ox++) {
        total += g[plane + oy * u.outX + ox] * share * weight(ox, column, u.inX, u.scaleX);
      }
    }
    out[i] = total;`,
}));
