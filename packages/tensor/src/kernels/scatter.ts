import { gridStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

/** The largest pick (counted from 1) that goes to each place, where `winner` starts as zeros: the last of several wins, whatever the order they run in. */
export const scatterWinnerKernel = defineKernel("scatter winner", (indexType: "i32" | "u32") => ({
  reads: { index: indexType },
  writes: { winner: "atomic<u32>" },
  uniforms: { size: "u32", picks: "u32", inner: "u32" },
  split: gridStride,
  body: `    let place = u32(clamp(${indexType === "i32" ? "index[i]" : "i32(min(index[i], 0x7fffffffu))"}, 0, i32(u.size) - 1));
    let pick = i / u.inner % u.picks;
    let line = i / (u.inner * u.picks);
    atomicMax(&winner[(line * u.size + place) * u.inner + i % u.inner], pick + 1u);`,
}));

/** out = the values of the winning picks, x where there is none. */
export const scatterKernel = defineKernel("scatter", (type: "f32" | "i32" | "u32") => ({
  reads: { x: type, values: type, winner: "u32" },
  writes: { out: type },
  uniforms: { size: "u32", picks: "u32", inner: "u32" },
  split: gridStride,
  body: `    let won = winner[i];
    var value = x[i];
    if (won > 0u) {
      let line = i / (u.inner * u.size);
      value = values[(line * u.picks + won - 1u) * u.inner + i % u.inner];
    }
    out[i] = value;`,
}));
