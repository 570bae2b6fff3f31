import { recorded } from "../autograd/record.js";
import { type DType, isFloat, wgslScalar } from "../dtype.js";
import { planFlat, SHARES } from "../kernels/flat.js";
import { FLOAT } from "../kernels/float.js";
import { FLAT, kernel, kernelFor } from "../kernels/kernel.js";
import { scope } from "../scope.js";
import { Tensor } from "../tensor.js";
import { launch } from "./launch.js";

/**
 * Converts the element type; the tensor itself where it has that type already. Floats become integers by truncation
 * (clamped), anything non-zero becomes true, float32 rounds to the nearest float16.
 */
export function cast<D extends DType>(x: Tensor, dtype: D): Tensor<D> {
  if (x.dtype === dtype) return x;
  const from: DType = x.dtype;
  const kernelText = kernelFor(`cast:${from}:${dtype}`, () => {
    const read = (at: string) =>
      from === "float16" ? `unpack2x16float(x[${at} / 2u])[${at} % 2u]` : `x[${at}]`;
    const target = wgslScalar(dtype);
    const value = (at: string) => {
      const v = read(at);
      if (dtype !== "bool") return `${target}(${v})`;
      return `select(0u, 1u, ${v} != ${wgslScalar(from)}())`;
    };
    const last = "min(at + 1u, u.size - 1u)";
    const store =
      dtype === "float16"
        ? `let at = i * 2u;\n  let next = ${last};\n  out[i] = pack_half(vec2f(f32(${read("at")}), f32(${read("next")})));`
        : `out[i] = ${value("i")};`;
    return kernel({
      name: `cast ${from} to ${dtype}`,
      reads: { x: from === "float16" ? "u32" : wgslScalar(from) },
      writes: { out: dtype === "float16" ? "u32" : target },
      uniforms: { ...SHARES.uniforms, size: "u32" },
      workgroup: FLAT,
      ...(dtype === "float16" ? { declare: FLOAT.pack_half } : {}),
      body: `${SHARES.begin}\n  ${SHARES.each} {\n  ${store}\n  }`,
    });
  });
  const count = dtype === "float16" ? Math.ceil(x.size / 2) : x.size;
  const convert = () =>
    scope(() => {
      const out = Tensor.empty(x.device, x.shape, dtype);
      const { uniforms, grid } = planFlat(count, x.device.caps);
      launch(kernelText, { x, out }, { ...uniforms, size: x.size }, grid);
      return out;
    });
  return isFloat(from) && isFloat(dtype) ? recorded("cast", [x], undefined, convert) : convert();
}
