import { type DType, isFloat, wgslScalar } from "../dtype.js";
import { FLOAT } from "./float.js";
import { gridStride } from "./grid.js";
import { defineKernel } from "./kernel.js";

/** A float v as a whole number, held to its range (WGSL holds it to the largest float below), NaN as 0; and as bool, by its bits. */
const FROM_FLOAT: Partial<Record<DType, string>> = {
  int32: "select(select(i32(v), 0x7fffffff, v >= 2147483648.0), 0, is_nan(v))",
  uint32: "select(select(u32(v), 0xffffffffu, v >= 4294967296.0), 0u, is_nan(v))",
  bool: "u32((bitcast<u32>(v) & 0x7fffffffu) != 0u)",
};

/** out[i] = x[i] in another type; float16 values lie in pairs in 32 bits, and i then counts pairs. */
export const castKernel = defineKernel("cast", ({ from, to }: { from: DType; to: DType }) => {
  const target = wgslScalar(to);
  const read = (at: string) => (from === "float16" ? loadHalf("x", at) : `x[${at}]`);
  const convert =
    (to !== "float16" && isFloat(from) && FROM_FLOAT[to]) || (to === "bool" ? "u32(v != 0)" : `${target}(v)`);
  const last = "min(at + 1u, u.size - 1u)";
  const store =
    to === "float16"
      ? `let at = i * 2u;\n  let next = ${last};\n  out[i] = pack_half(vec2f(f32(${read("at")}), f32(${read("next")})));`
      : `let v = ${read("i")};\n  out[i] = ${convert};`;
  return {
    name: `cast ${from} to ${to}`,
    reads: { x: from === "float16" ? "u32" : wgslScalar(from) },
    writes: { out: to === "float16" ? "u32" : target },
    uniforms: { size: "u32" },
    split: gridStride,
    declare: to === "float16" ? FLOAT.pack_half : FLOAT.is_nan,
    body: `  ${store}`,
  };
});

/** WGSL for the float16 value at an index, as float32. */
export const loadHalf = (name: string, at: string): string =>
  `unpack2x16float(${name}[${at} / 2u])[${at} % 2u]`;
