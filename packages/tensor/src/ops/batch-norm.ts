import { isRecording } from "../autograd/record.js";
import { check } from "../errors.js";
import { FLAT, kernel, kernelFor } from "../kernels/kernel.js";
import { planRuns, RUNS } from "../kernels/runs.js";
import { scope } from "../scope.js";
import { formatShape, sizeOf } from "../shape.js";
import { commonDevice, Tensor } from "../tensor.js";
import { cast } from "./cast.js";
import { add, div, mul, sqrt, sub } from "./elementwise.js";
import { launch } from "./launch.js";
import { reshape } from "./shape.js";

export interface BatchNormOptions {
  /** What training has gathered, [channels] each. */
  mean: Tensor;
  variance: Tensor;
  /** Factor and shift, [channels] each. */
  weight?: Tensor;
  bias?: Tensor;
  /** Added to the variance. Default 1e-5. */
  eps?: number;
}

/**
 * Batch normalisation by running statistics: (x - mean) / sqrt(variance + eps) * weight + bias for each channel.
 *
 * @param x [b, channels, ...].
 * @throws TensorError `shape` below rank 2 or where a part is not [channels].
 * @example
 * const y = batchNorm(x, { mean, variance, weight, bias });
 */
export function batchNorm(x0: Tensor, options: BatchNormOptions): Tensor {
  const { mean, variance, weight, bias, eps = 1e-5 } = options;
  check(
    x0.rank >= 2,
    "shape",
    () => `batchNorm: x is ${formatShape(x0.shape)} and must be [b, channels, ...]; add a batch axis`,
  );
  const channels = x0.shape[1];
  const given = { mean, variance, ...(weight ? { weight } : {}), ...(bias ? { bias } : {}) };
  for (const [name, part] of Object.entries(given)) {
    check(
      part.rank === 1 && part.shape[0] === channels,
      "shape",
      () => `batchNorm: ${name} is ${formatShape(part.shape)} and must be [${channels}]`,
    );
  }
  commonDevice("batchNorm", [x0, ...Object.values(given)]);
  if (isRecording()) return scope(() => composed(x0, options, eps));
  return scope(() => {
    const x = cast(x0, "float32");
    const parts = Object.fromEntries(
      Object.entries(given).map(([name, part]) => [name, cast(part, "float32")]),
    );
    const out = Tensor.empty(x.device, x.shape);
    const text = kernelFor(`batchNorm:${Object.keys(parts)}`, () =>
      kernel({
        name: "batch norm",
        reads: { x: "f32", ...Object.fromEntries(Object.keys(parts).map((name) => [name, "f32"])) },
        writes: { out: "f32" },
        uniforms: { ...RUNS.uniforms, channels: "u32", eps: "f32" },
        workgroup: FLAT,
        // A row is one channel of one image.
        body: `  ${RUNS.begin}
  let c = row % u.channels;
  let factor = ${weight ? "weight[c]" : "1.0"} / sqrt(variance[c] + u.eps);
  let shift = ${bias ? "bias[c]" : "0.0"};
  let center = mean[c];
  ${RUNS.along} { out[row * u.length + j] = (x[row * u.length + j] - center) * factor + shift; }`,
      }),
    );
    const length = sizeOf(x.shape.slice(2));
    const { uniforms, grid } = planRuns(x.shape[0] * channels, length, x.device.caps);
    launch(text, { x, ...parts, out }, { ...uniforms, channels, eps }, grid);
    return out;
  });
}

/** The same by ops that have gradients. */
function composed(x: Tensor, { mean, variance, weight, bias }: BatchNormOptions, eps: number): Tensor {
  const each = (part: Tensor) => reshape(part, [x.shape[1], ...new Array<number>(x.rank - 2).fill(1)]);
  const unit = div(sub(x, each(mean)), each(sqrt(add(variance, eps))));
  const scaled = weight ? mul(unit, each(weight)) : unit;
  return bias ? add(scaled, each(bias)) : scaled;
}
