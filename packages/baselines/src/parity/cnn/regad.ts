import { join } from "node:path";
import { DetectError, hashedImage, hashedParameters, type ParityCheck } from "@inctrl/detect";
import {
  add,
  concat,
  type Device,
  grad,
  gridSample,
  max,
  mul,
  nn,
  openSafetensors,
  permute,
  reshape,
  scope,
  slice,
  square,
  sum,
  type Tensor,
  tensor,
  transpose,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { onGrid } from "../../maps/grid.js";
import { BLUR, pixelMaps } from "../../maps/pixel-maps.js";
import { embedLayers } from "../../padim/embedding.js";
import { Gaussians } from "../../padim/gaussians.js";
import { REGISTRATION_VARIANTS } from "../../regad/augmentation.js";
import { cosineLoss } from "../../regad/loss.js";
import { FeatureEncoder, FeaturePredictor, RegistrationNetwork, registered } from "../../regad/network.js";
import { gridOf, identityOf, inverseOf, MODES, type Mode, matricesOf } from "../../regad/theta.js";
import { rowsOf } from "../../resnet/model.js";
import { type Golden, samples, shapeIn, taken } from "../golden.js";
import { readFullSize, SIDE, summaryChecks } from "../resnet.js";
import type { Folder } from "./folder.js";

const EPSILON = 0.01;

/** Weights of the hash, those of a transformer's last layer near the identity. */
export const hashedRegistration =
  (mode: Mode, salt: string): nn.ReadParameter =>
  async (name, parameter) => {
    const values = await hashedParameters(salt)(name, parameter);
    if (name.endsWith("fc.2.weight")) return values.map((value) => 0.2 * value);
    return name.endsWith("fc.2.bias") ? values.map((value, i) => value + identityOf(mode)[i]) : values;
  };

/** The mode that reference values name. @throws DetectError `parity` where there is none of that name. */
export function modeOf(name = ""): Mode {
  const mode = MODES.find((each) => each === name);
  if (mode) return mode;
  throw new DetectError(
    "parity",
    `the reference values are of the mode ${quoted(name)}; modes: ${MODES.join(", ")}`,
  );
}

/** RegAD's network with weights of the hash. */
export async function hashedNetwork(device: Device, mode: Mode, side: number, salt: string) {
  const network = new RegistrationNetwork({ mode, side }).freeze();
  await nn.fill(device, network.namedParameters(), hashedRegistration(mode, salt));
  return network;
}

const channelsFirst = (map: Tensor): Tensor => permute(map, [0, 3, 1, 2]);

/** What the network makes of pixels, with channels first. */
export function outputsOf(network: RegistrationNetwork, pixels: Tensor): Record<string, Tensor> {
  return scope(() => {
    const stages = network.stages(pixels);
    const back = registered(stages);
    return Object.fromEntries(
      stages.flatMap(({ layer, matrices, warped }, i) => [
        [`layer${i + 1}`, channelsFirst(layer)],
        [`theta${i + 1}`, matrices],
        [`warped${i + 1}`, channelsFirst(warped)],
        [`registered${i + 1}`, channelsFirst(back[i])],
      ]),
    );
  });
}

/** Every value of `regad.safetensors`. */
export async function regadChecks({ device, path, config, open }: Folder): Promise<ParityCheck[]> {
  const golden = await open("regad", "feature");
  const images = await openSafetensors(join(path, "images.safetensors"));
  const { salt } = config;
  const mode = modeOf(golden.metadata.mode);
  const [shots, , side] = shapeIn(images, "regad_support");
  using network = await hashedNetwork(device, mode, side, salt);
  using encoder = new FeatureEncoder().freeze();
  using predictor = new FeaturePredictor().freeze();
  for (const [prefix, module] of [
    ["ENC.", encoder],
    ["PRED.", predictor],
  ] as const)
    await nn.fill(device, module.namedParameters(), hashedParameters(salt + prefix));
  const size = { width: side, height: side };
  const supports = augmented(await images.readFloat32("regad_support"), shots, side);
  using support = tensor(device, supports, [shots * REGISTRATION_VARIANTS.count, 3, side, side]);
  using query = tensor(
    device,
    (await images.readFloat32("regad_query")).map((value) => value / 255),
    shapeIn(images, "regad_query"),
  );
  try {
    const made = scope(() => {
      const embed = (pixels: Tensor) => {
        const maps = registered(network.stages(pixels));
        const grids = maps.map(({ shape: [, rows, columns] }) => ({ rows, columns }));
        return { x: embedLayers(maps.map(rowsOf), grids), grid: grids[0] };
      };
      const { x, grid } = embed(query);
      const vectors = embed(support).x;
      const [, positions, width] = x.shape;
      const fit = (samples: number) =>
        Gaussians.fit(
          {
            ...{ device, samples, positions, width },
            vectors: (start, end) =>
              slice(vectors, [
                [0, samples],
                [start, end],
              ]),
          },
          EPSILON,
        );
      const values: Record<string, Tensor> = {};
      for (const [prefix, count] of [
        ["", vectors.shape[0]],
        ["unaugmented.", shots],
      ] as const) {
        const gaussians = fit(count);
        const distance = onGrid(gaussians.distance(x), grid);
        const map = pixelMaps(distance, size, { blur: BLUR });
        Object.assign(values, {
          [`${prefix}distance`]: distance,
          [`${prefix}map_raw`]: pixelMaps(distance, size),
          [`${prefix}map`]: map,
          [`${prefix}score`]: max(map, [1, 2]),
        });
        if (prefix !== "") continue;
        values.mean = transpose(gaussians.mean());
        values["covariance.trace"] = concat(
          gaussians.parts.map(({ factors }) => sum(square(factors), [1, 2])),
        );
      }
      const outputs = outputsOf(network, query);
      for (const [name, value] of Object.entries(outputs)) {
        if (name.startsWith("theta")) values[name] = value;
        else values[`query0.${name}`] = reshape(slice(value, [[0, 1]]), value.shape.slice(1));
      }
      const z = encoder.forward(network.stages(query)[2].warped);
      values.encoder = channelsFirst(z);
      values.predictor = channelsFirst(predictor.forward(z));
      return values;
    });
    const each = 3 * side * side;
    const [count] = golden.shape("augmented.samples").slice(1);
    const views = supports.length / each;
    const image = (i: number) => supports.subarray(i * each, (i + 1) * each);
    return await golden.compare({
      ...made,
      "augmented.samples": Array.from({ length: views }, (_, i) => samples(image(i), count)).flat(),
      "augmented.last": image(views - 1),
      "augmented.rotated0": image(shots),
    });
  } finally {
    await images.close();
    await golden.close();
  }
}

/** RegAD's network in `full-size.json`, which is named after the mode. */
export async function fullRegadChecks(device: Device, path: string): Promise<ParityCheck[]> {
  const full = await readFullSize(path);
  const checks: ParityCheck[] = [];
  for (const [name, outputs] of Object.entries(full?.models ?? {})) {
    const told = /^regad (\w+)/.exec(name)?.[1];
    if (!full || told === undefined) continue;
    const mode = modeOf(told);
    const pixels = hashedImage(`${full.salt}image0`, SIDE).map((value) => value / 4 + 0.5);
    using image = tensor(device, pixels, [1, 3, SIDE, SIDE]);
    using network = await hashedNetwork(device, mode, SIDE, full.salt);
    const made = outputsOf(network, image);
    for (const [key, value] of Object.entries(made)) {
      const values = await taken(value);
      if (outputs[key])
        checks.push(...summaryChecks(`full size: regad ${mode}.${key}`, values, outputs[key]));
    }
  }
  return checks;
}

/** The variants of 8-bit images [count, 3, side, side] one after the other, from 0 to 1, channels first. */
function augmented(images: Float32Array, count: number, side: number): Float32Array {
  const area = side * side;
  const out = new Float32Array(images.length * REGISTRATION_VARIANTS.count);
  for (let i = 0; i < count; i++) {
    const pixels = Float32Array.from(
      { length: 3 * area },
      (_, at) => images[(3 * i + (at % 3)) * area + Math.floor(at / 3)],
    );
    const view = { width: side, height: side, pixels, box: { x: 0, y: 0, width: side, height: side } };
    for (let number = 0; number < REGISTRATION_VARIANTS.count; number++) {
      const made = REGISTRATION_VARIANTS.variant(view as never, number).pixels;
      const first = (number * count + i) * 3 * area;
      for (let at = 0; at < made.length; at++)
        out[first + (at % 3) * area + Math.floor(at / 3)] = made[at] / 255;
    }
  }
  return out;
}

/** RegAD's single operations of `ops.safetensors`. */
export function registrationOps(
  inputs: Readonly<Record<string, Tensor>>,
  golden: Golden,
): Record<string, Tensor> {
  const values: Record<string, Tensor> = {};
  const parameters = inputs["theta.parameters"];
  const { device } = parameters;
  for (const mode of MODES) {
    const identity = identityOf(mode);
    const own = add(mul(slice(parameters, [null, [0, identity.length]]), 0.3), tensor(device, [...identity]));
    const matrices = matricesOf(mode, own);
    values[`theta.${mode}`] = matrices;
    values[`theta_inverse.${mode}`] = inverseOf(matrices);
  }
  const theta = inputs["affine_grid.theta"];
  for (const name of golden.names("affine_grid.grid")) {
    const [, rows, columns] = golden.shape(name);
    values[name] = gridOf(theta, rows, columns);
  }
  for (const padding of ["zeros", "border", "reflection"] as const) {
    const prefix = `grid_sample.${padding}`;
    const [x, dy] = [inputs[`${prefix}.x`], inputs[`${prefix}.dy`]];
    const [, , rows, columns] = dy.shape;
    const sampled = (x: Tensor, theta: Tensor) => gridSample(x, gridOf(theta, rows, columns), { padding });
    values[`${prefix}.y`] = sampled(x, theta);
    values[`${prefix}.dx`] = grad((x: Tensor) => sum(mul(sampled(x, theta), dy)))(x);
    values[`${prefix}.dtheta`] = grad((theta: Tensor) => sum(mul(sampled(x, theta), dy)))(theta);
  }
  const [p, z] = [inputs["cosine_loss.p"], inputs["cosine_loss.z"]];
  const loss = (p: Tensor) => cosineLoss(permute(p, [0, 2, 3, 1]), permute(z, [0, 2, 3, 1]));
  values["cosine_loss.loss"] = loss(p);
  values["cosine_loss.dp"] = grad(loss)(p);
  return values;
}
