import { type DType, wgslScalar } from "../dtype.js";
import { FLOAT } from "./float.js";
import { gridStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

/** out[i] = x[i] in another type; float16 values lie in pairs in 32 bits, and i then counts pairs. */
export const castKernel = defineKernel("cast", ({ from, to }: { from: DType; to: DType }) => {
  const target = wgslScalar(to);
  const read = (at: string) => (from === "float16" ? loadHalf("x", at) : `x[${at}]`);
  const value =
    to === "bool" ? `select(0u, 1u, ${read("i")} != ${wgslScalar(from)}())` : `${target}(${read("i")})`;
  const last = "min(at + 1u, u.size - 1u)";
  const store =
    to === "float16"
      ? `let at = i * 2u;\n  let next = ${last};\n  out[i] = pack_half(vec2f(f32(${read("at")}), f32(${read("next")})));`
      : `out[i] = ${value};`;
  return {
    name: `cast ${from} to ${to}`,
    reads: { x: from === "float16" ? "u32" : wgslScalar(from) },
    writes: { out: to === "float16" ? "u32" : target },
    uniforms: { size: "u32" },
    split: gridStride,
    ...(to === "float16" ? { declare: FLOAT.pack_half } : {}),
    body: `  ${store}`,
  };
});

/** WGSL for the float16 value at an index, as float32. */
export const loadHalf = (name: string, at: string): string =>
  `unpack2x16float(${name}[${at} / 2u])[${at} % 2u]`;
