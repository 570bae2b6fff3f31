import { perValue, WORKGROUP } from "./grid.js";
import { defineKernel } from "./kernel.js";

/** out[i] = value; one invocation a value. */
export const fillKernel = defineKernel("fill", (type: "f32" | "i32" | "u32") => ({
  reads: {},
  writes: { out: type },
  uniforms: { count: "u32", value: type },
  workgroup: WORKGROUP,
  body: `${perValue.begin}\n  if (i < u.count) { out[i] = u.value; }`,
}));
