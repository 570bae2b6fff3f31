import type { ParityCheck } from "@inctrl/detect";
import {
  add,
  avgPool2d,
  cholesky,
  type Device,
  eye,
  grad,
  matmul,
  maxPool2d,
  mul,
  permute,
  reshape,
  scope,
  slice,
  sum,
  type Tensor,
  tensor,
  transpose,
} from "@inctrl/tensor";
import { BLUR, type PixelMapOptions, pixelMaps } from "../../maps/pixel-maps.js";
import { Gaussians } from "../../padim/gaussians.js";
import { poolingWeights } from "../../patchcore/embedding.js";
import type { Golden } from "../golden.js";
import type { Folder } from "./folder.js";
import { unfold } from "./patchcore.js";
import { registrationOps } from "./regad.js";

/** What is only read. */
const INPUTS = /\.(x|dy|e|q|p|z|parameters|theta)$/;

/** What is not compared: inputs, and inverses that are never built. */
const OTHERS = /\.(x|dy|e|q|p|z|parameters|theta|inverse)$/;

const EPSILON = 0.01;

/** Single operations. */
export async function opsChecks({ device, open }: Folder): Promise<ParityCheck[]> {
  const golden = await open("ops", "op", OTHERS);
  const inputs: Record<string, Tensor> = {};
  for (const name of golden.names("").filter((each) => INPUTS.test(each)))
    inputs[name] = await golden.tensor(device, name);
  try {
    return await golden.compare(scope(() => compute(device, inputs, golden)));
  } finally {
    for (const each of Object.values(inputs)) each.dispose();
    await golden.close();
  }
}

function compute(
  device: Device,
  inputs: Readonly<Record<string, Tensor>>,
  golden: Golden,
): Record<string, Tensor> {
  const pool = (x: Tensor) => maxPool2d(x, 3, { stride: 2, padding: 1 });
  const unfolded = unfold(inputs["unfold.x"]);
  const [views, channels, area, ...grid] = unfolded.shape;
  const values: Record<string, Tensor> = {
    "maxpool.y": pool(inputs["maxpool.x"]),
    "maxpool.dx": grad((x: Tensor) => sum(mul(pool(x), inputs["maxpool.dy"])))(inputs["maxpool.x"]),
    "avgpool.y": avgPool2d(inputs["avgpool.x"], 3, { stride: 1, padding: 1 }),
    "unfold.y": reshape(unfolded, [views, channels * area, ...grid]),
  };
  for (const name of golden.names("adaptive.to")) {
    const [, length] = inputs["adaptive.x"].shape;
    const [, count] = golden.shape(name);
    const weights = tensor(device, poolingWeights([length], count, count, 1)[0], [count, length]);
    values[name] = matmul(inputs["adaptive.x"], weights, { transposeB: true });
  }
  const grown = (name: string, x: Tensor, options?: PixelMapOptions) => {
    const want = golden.shape(name);
    const [height, width] = want.slice(-2);
    return reshape(pixelMaps(reshape(x, [-1, ...x.shape.slice(-2)]), { width, height }, options), want);
  };
  for (const name of golden.names("upsample.to")) values[name] = grown(name, inputs["upsample.x"]);
  for (const name of golden.names("blur").filter((each) => !each.endsWith(".x"))) {
    const [input, border] = name.split(".");
    const blur = { ...BLUR, border: border as "symmetric" | "mirror" };
    values[name] = grown(name, inputs[`${input}.x`], { blur });
  }
  for (const name of ["mahalanobis", "mahalanobis_hard"]) {
    // Vectors stand upright: [samples, width, positions].
    const upright = permute(inputs[`${name}.e`], [0, 2, 1]);
    const [samples, positions, width] = upright.shape;
    const vectors = (start: number, end: number) => slice(upright, [null, [start, end]]);
    const gaussians = Gaussians.fit({ device, samples, positions, width, vectors }, EPSILON);
    values[`${name}.distance`] = gaussians.distance(permute(inputs[`${name}.q`], [0, 2, 1]));
    const [{ factors }] = gaussians.parts;
    values[`${name}.mean`] = transpose(gaussians.mean());
    const product = matmul(factors, factors, { transposeA: true });
    values[`${name}.covariance`] = add(product, mul(eye(device, width), EPSILON));
    values[`${name}.cholesky`] = cholesky(values[`${name}.covariance`]);
  }
  return { ...values, ...registrationOps(inputs, golden) };
}
