import { perValue } from "./grid.js";
import { defineKernel } from "./kernel.js";

/** out[i] = value; one invocation a value. */
export const fillKernel = defineKernel("fill", (type: "f32" | "i32" | "u32") => ({
  reads: {},
  writes: { out: type },
  uniforms: { value: type },
  split: perValue,
  body: "  out[i] = u.value;",
}));
