import { loadClip, prefixTokens } from "@inctrl/clip";
import { momentsOf, type ParityCheck, principalSubspace, subspaceDistances } from "@inctrl/detect";
import {
  type Device,
  nearest,
  packBank,
  reshape,
  scope,
  slice,
  sub,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { topMean } from "../anomalydino/aggregate.js";
import { firstComponent, foreground } from "../anomalydino/foreground.js";
import { BLUR, pixelMaps } from "../maps/pixel-maps.js";
import { withDino } from "./dino.js";
import { type Golden, type Made, openGolden } from "./golden.js";

/** The network of these values, and the share of the variance that the subspace holds. */
const [MODEL, SHARE] = ["dino", 0.99];
/** The query whose map is compared at another size. */
const LARGE = 1;

/** Every value of `anomalydino.safetensors`. */
export async function anomalydinoChecks(device: Device, folder: string): Promise<ParityCheck[]> {
  const golden = await openGolden(folder, "anomalydino");
  try {
    const made = [
      await searched(device, folder, golden),
      await masked(device, golden),
      await subspace(device, golden),
    ];
    return await golden.compare(Object.assign({}, ...made));
  } finally {
    await golden.close();
  }
}

/** Distances, scores and maps of the queries against the first K prompts. */
async function searched(device: Device, folder: string, golden: Golden): Promise<Made> {
  using clip = await withDino(folder, MODEL, "meta", (weights, config) => loadClip(device, config, weights));
  const { vision } = clip;
  const { patch, layers } = vision.config.vision;
  const [images, , height, width] = golden.shape("query");
  const grid = [images, Math.floor(height / patch), Math.floor(width / patch)];
  const made: Made = {};
  using queryPixels = await golden.tensor(device, "query");
  using promptPixels = await golden.tensor(device, "prompts");
  const values = scope(() => {
    const patches = (pixels: Tensor) => {
      const normed = vision.project(vision.forward(pixels, { taps: [layers] }).taps[0]);
      return slice(normed, [null, [prefixTokens(vision.config.vision), normed.shape[1]]]);
    };
    const [query, prompts] = [patches(queryPixels), patches(promptPixels)];
    const found: Record<string, Tensor> = { "query.patches": query, "prompts.patches": prompts };
    for (const name of golden.names("").filter((each) => /^\d+\.distances$/.test(each))) {
      const shots = name.split(".")[0];
      const bank = reshape(slice(prompts, [[0, Number(shots)]]), [-1, prompts.shape[2]]);
      const distances = sub(1, nearest(query, packBank(bank)).similarity);
      const maps = reshape(distances, grid);
      const one = slice(maps, [[LARGE, LARGE + 1]]);
      const [tall, wide] = golden.shape(`${shots}.map_large`);
      found[name] = distances;
      found[`${shots}.map`] = pixelMaps(maps, { width, height }, { blur: BLUR });
      found[`${shots}.map_large`] = pixelMaps(one, { width: wide, height: tall }, { blur: BLUR });
    }
    return found;
  });
  for (const [name, value] of Object.entries(values)) {
    made[name] = value;
    if (name.endsWith(".distances"))
      made[name.replace("distances", "score")] = perImage(await value.data(), images).map(topMean);
  }
  return made;
}

/** Foreground and scores of features that are given. */
async function masked(device: Device, golden: Golden): Promise<Made> {
  const [rows, columns] = await golden.numbers("features.grid");
  const [images, , width] = golden.shape("features.query");
  using query = await golden.tensor(device, "features.query");
  using bank = await golden.tensor(device, "features.bank");
  const distances = scope(() => sub(1, nearest(query, packBank(bank)).similarity));
  const far = perImage(await distances.data(), images);
  const components = perImage(await query.data(), images).map((each) => firstComponent(each, width));
  const masks = (rule: "grid" | "released") =>
    components.map((component) => foreground(component, { rows, columns }, rule));
  const kept = (rule: "grid" | "released") =>
    masks(rule).map((mask, i) => far[i].map((value, at) => value * mask[at]));
  return {
    "features.component": joined(components),
    "features.mask": joined(masks("grid")),
    "features.mask_released": joined(masks("released")),
    "features.distances": distances,
    "features.score": far.map(topMean),
    "features.masked_distances": joined(kept("grid")),
    "features.masked_score": kept("grid").map(topMean),
    "features.masked_score_released": kept("released").map(topMean),
  };
}

/** SubspaceAD on the same features. */
async function subspace(device: Device, golden: Golden): Promise<Made> {
  using bank = await golden.tensor(device, "features.bank");
  using query = await golden.tensor(device, "features.query");
  const { components, variances, mean, rest } = principalSubspace(await momentsOf(bank), SHARE);
  const width = mean.length;
  const residual = scope(() => {
    const state = {
      mean: tensor(device, Float32Array.from(mean), [width]),
      rest: tensor(device, rest, [width, width - components]),
    };
    return subspaceDistances(query, state);
  });
  const scores = perImage(await residual.data(), query.shape[0]).map(topMean);
  return {
    "subspace.components": [components],
    "subspace.mean": mean,
    "subspace.variances": variances,
    "subspace.residual": residual,
    "subspace.score": scores,
  };
}

const perImage = (values: Float32Array, images: number): Float32Array[] => {
  const each = values.length / images;
  return Array.from({ length: images }, (_, i) => values.subarray(i * each, (i + 1) * each));
};

const joined = (parts: readonly ArrayLike<number>[]): number[] => parts.flatMap((part) => Array.from(part));
