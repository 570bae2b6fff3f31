import { recorded } from "../autograd/record.js";
import { check } from "../errors.js";
import { kernel, kernelFor } from "../kernels/kernel.js";
import { inverseNormOf, momentsOf, rowElement, rowSplit } from "../kernels/rows.js";
import { scope } from "../scope.js";
import { formatShape } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { launch } from "./launch.js";

export interface LayerNormOptions {
  /** Per-column factor and shift, each [n]. */
  weight?: Tensor;
  bias?: Tensor;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Layer normalisation over the last axis: (x - mean) / sqrt(var + eps) * weight + bias, the variance without correction.
 *
 * @param x [..., n].
 * @throws TensorError `shape` where weight or bias is not [n].
 * @example
 * const y = layerNorm(x, { weight, bias, eps: 1e-5 });
 */
export function layerNorm(x: Tensor, options: LayerNormOptions = {}): Tensor {
  const { weight, bias, eps = 1e-5 } = options;
  return recorded("layerNorm", [x, weight, bias], { eps }, () =>
    scope(() => normalised(cast(x, "float32"), options)),
  );
}

function normalised(x: Tensor, { weight, bias, eps = 1e-5 }: LayerNormOptions): Tensor {
  check(x.rank >= 1, "shape", () => "layerNorm: a scalar has no axis to normalise");
  const n = x.shape[x.rank - 1];
  for (const [name, part] of Object.entries({ weight, bias })) {
    check(
      part === undefined || (part.rank === 1 && part.shape[0] === n),
      "shape",
      () => `layerNorm: ${name} is ${formatShape(part?.shape ?? [])} and must be [${n}]`,
    );
  }
  const affine = [weight, bias].filter((t) => t !== undefined);
  commonDevice("layerNorm", [x, ...affine]);
  const out = Tensor.empty(x.device, x.shape);
  if (out.size === 0) return out;
  const { family, maxWorkgroupsPerDimension } = x.device.caps;
  const split = rowSplit(family);
  const element = rowElement(n);
  const { type, values } = element;
  const text = kernelFor(`layerNorm:${family === "workgroup"}:${type}:${!!weight}:${!!bias}`, () => {
    const scaled = weight ? "(x[base + i] - mean) * inverse * weight[i]" : "(x[base + i] - mean) * inverse";
    const along = (body: string) => `for (var i = ${split.start}; i < count; i += ${split.step}) { ${body} }`;
    return kernel({
      name: "layer norm",
      reads: { x: type, ...(weight ? { weight: type } : {}), ...(bias ? { bias: type } : {}) },
      writes: { out: type },
      uniforms: { rows: "u32", n: "u32", eps: "f32" },
      ...split.source,
      body: `  ${split.begin}
  let count = u.n / ${values}u;
  let base = row * count;
${momentsOf("x", split, element)}
  let inverse = inverseSqrt(squares / f32(u.n) + u.eps);
  ${along(`out[base + i] = ${scaled}${bias ? " + bias[i]" : ""};`)}`,
    });
  });
  const rows = x.size / n;
  launch(
    text,
    {
      x,
      out,
      ...(weight ? { weight: cast(weight, "float32") } : {}),
      ...(bias ? { bias: cast(bias, "float32") } : {}),
    },
    { rows, n, eps },
    split.grid(rows, maxWorkgroupsPerDimension),
  );
  return out;
}

/**
 * What layerNorm passes back, in one pass over the rows: with y = (x - mean) * inverse and h = g * weight,
 * dx = inverse * (h - mean(h) - y * mean(h * y)), and g * y, whose sum over the rows is the weight's gradient.
 */
export function layerNormBackward(
  x0: Tensor,
  weight: Tensor | undefined,
  g: Tensor,
  eps: number,
): { dx: Tensor; gNormed: Tensor } {
  return scope(() => {
    const x = cast(x0, "float32");
    const [dx, gNormed] = [Tensor.empty(x.device, x.shape), Tensor.empty(x.device, x.shape)];
    if (x.size === 0) return { dx, gNormed };
    const n = x.shape[x.rank - 1];
    const { family, maxWorkgroupsPerDimension } = x.device.caps;
    const split = rowSplit(family);
    const { type, values, total } = rowElement(n);
    const text = kernelFor(`layerNormBackward:${family === "workgroup"}:${type}:${!!weight}`, () => {
      const along = (body: string) =>
        `for (var j = ${split.start}; j < count; j += ${split.step}) { let i = base + j; ${body} }`;
      const weighted = weight ? "g[i] * weight[j]" : "g[i]";
      return kernel({
        name: "layer norm backward",
        reads: { x: type, g: type, ...(weight ? { weight: type } : {}) },
        writes: { dx: type, gNormed: type },
        uniforms: { rows: "u32", n: "u32", eps: "f32" },
        ...split.source,
        body: `  ${split.begin}
  let count = u.n / ${values}u;
  let base = row * count;
  var total = ${type}();
  ${along("total += x[i];")}
  let mean = ${split.sum(total("total"))} / f32(u.n);
  var squares = ${type}();
  var pulls = ${type}();
  var turns = ${type}();
  ${along(`let d = x[i] - mean; let h = ${weighted}; squares = fma(d, d, squares); pulls += h; turns = fma(h, d, turns);`)}
  let inverse = inverseSqrt(${split.sum(total("squares"))} / f32(u.n) + u.eps);
  let pull = ${split.sum(total("pulls"))} / f32(u.n);
  let turn = ${split.sum(total("turns"))} * inverse / f32(u.n);
  ${along(`let y = (x[i] - mean) * inverse; dx[i] = inverse * (${weighted} - pull - y * turn); gNormed[i] = g[i] * y;`)}`,
      });
    });
    launch(
      text,
      { x, g, dx, gNormed, ...(weight ? { weight: cast(weight, "float32") } : {}) },
      { rows: x.size / n, n, eps },
      split.grid(x.size / n, maxWorkgroupsPerDimension),
    );
    return { dx, gNormed };
  });
}

/**
 * 1 / |row| for each row of the last axis, 0 for a zero row.
 *
 * @param x [..., n].
 * @returns [...].
 */
export function inverseNorm(x: Tensor): Tensor {
  return recorded("inverseNorm", [x], undefined, () => inverseNorms(x));
}

function inverseNorms(x: Tensor): Tensor {
  return scope(() => {
    const source = cast(x, "float32");
    const n = x.shape[x.rank - 1];
    const out = Tensor.empty(x.device, x.shape.slice(0, -1));
    if (out.size === 0) return out;
    const { family, maxWorkgroupsPerDimension } = x.device.caps;
    const split = rowSplit(family);
    const element = rowElement(n);
    const text = kernelFor(`inverseNorm:${family === "workgroup"}:${element.type}`, () =>
      kernel({
        name: "inverse norm",
        reads: { x: element.type },
        writes: { out: "f32" },
        uniforms: { rows: "u32", n: "u32" },
        ...split.source,
        body: `  ${split.begin}
${inverseNormOf("x", split, element)}
  out[row] = inverse;`,
      }),
    );
    launch(text, { x: source, out }, { rows: out.size, n }, split.grid(out.size, maxWorkgroupsPerDimension));
    return out;
  });
}

/**
 * Rows of the last axis divided by their Euclidean length; zero rows stay zero.
 *
 * @param x [..., n].
 * @example const unit = normalize(features);
 */
export function normalize(x: Tensor): Tensor {
  return recorded("normalize", [x], undefined, () => unit(x));
}

function unit(x: Tensor): Tensor {
  return scope(() => {
    const source = cast(x, "float32");
    const factor = inverseNorm(source);
    const out = Tensor.empty(x.device, x.shape);
    if (out.size === 0) return out;
    const { family, maxWorkgroupsPerDimension } = x.device.caps;
    const split = rowSplit(family);
    const n = x.shape[x.rank - 1];
    const { type, values } = rowElement(n);
    const text = kernelFor(`normalize:${family === "workgroup"}:${type}`, () =>
      kernel({
        name: "normalize",
        reads: { x: type, factor: "f32" },
        writes: { out: type },
        uniforms: { rows: "u32", n: "u32" },
        ...split.source,
        body: `  ${split.begin}
  let count = u.n / ${values}u;
  for (var i = ${split.start}; i < count; i += ${split.step}) { out[row * count + i] = x[row * count + i] * factor[row]; }`,
      }),
    );
    launch(
      text,
      { x: source, factor, out },
      { rows: factor.size, n },
      split.grid(factor.size, maxWorkgroupsPerDimension),
    );
    return out;
  });
}
