import { pythonSample } from "@inctrl/datasets";
import type { ParityCheck } from "@inctrl/detect";
import { gather, max, reshape, scope, slice, type Tensor, transpose } from "@inctrl/tensor";
import { onGrid } from "../../maps/grid.js";
import { BLUR, pixelMaps } from "../../maps/pixel-maps.js";
import { chooseChannels, embedLayers } from "../../padim/embedding.js";
import { Gaussians } from "../../padim/gaussians.js";
import { type Golden, samples, taken } from "../golden.js";
import type { Folder, Seen } from "./folder.js";

/** The default, and anomalib's. */
const EPSILONS = [0.01, 0.01001] as const;

/** The seed of the draw, from what the file says of its channels: "random.Random(1024).sample". */
const seedOf = ({ channels = "" }: Golden["metadata"]): number =>
  Number(/Random\((\d+)\)/.exec(channels)?.[1] ?? 1024);

export async function padimChecks(folder: Folder): Promise<ParityCheck[]> {
  const { device, normal, query, size, config, open } = folder;
  const total = normal.layers.reduce((sum, layer) => sum + layer.shape[2], 0);
  const golden = await open("padim", "map", /^(inverse|sampled_positions)/);
  const seed = seedOf(golden.metadata);
  const drawn = pythonSample(total, config.channels, seed);
  const kept = chooseChannels(total, config.channels, seed);
  /** From our order of channels to that in which they were drawn. */
  const order = drawn.map((channel) => kept.indexOf(channel));
  const embed = ({ layers, grids }: Seen, channels?: number[]) => embedLayers(layers, grids, channels);
  const [grid] = query.grids;
  const [x, vectors] = [embed(query, kept), embed(normal, kept)];
  const fit = (shots: number, epsilon: number) =>
    Gaussians.fit(
      {
        ...{ device, samples: shots, positions: grid.rows * grid.columns, width: config.channels },
        vectors: (start, end) =>
          slice(vectors, [
            [0, shots],
            [start, end],
          ]),
      },
      epsilon,
    );
  const fitted = [fit(config.shots, EPSILONS[0]), fit(config.shots, EPSILONS[1]), fit(1, EPSILONS[0])];
  try {
    const made = scope(() => {
      const [distance, second, single] = fitted.map((each) => onGrid(each.distance(x), grid));
      const map = pixelMaps(distance, size, { blur: BLUR });
      const mirrored = pixelMaps(second, size, { blur: { ...BLUR, border: "mirror" } });
      const channelsFirst = (patches: Tensor) => transpose(gather(patches, order, patches.rank - 1));
      return {
        ...{
          distance: distance,
          map_raw: pixelMaps(distance, size),
          map,
          score: max(map, [1, 2]),
        },
        ...{
          "anomalib.map": mirrored,
          "anomalib.score": max(mirrored, [1, 2]),
          "one_shot.distance": single,
        },
        "embedding.query0": channelsFirst(reshape(slice(x, [[0, 1]]), x.shape.slice(1))),
        mean: channelsFirst(fitted[0].mean()),
      };
    });
    const whole = await taken(scope(() => transpose(embed(normal))));
    const concat = samples(
      whole.subarray(0, whole.length / config.shots),
      golden.shape("concat.normal0.samples")[0],
    );
    const covariance = await covariances(vectors, await golden.numbers("sampled_positions"), order);
    return await golden.compare({
      ...{ ...made, channels: drawn, "concat.normal0.samples": concat, "covariance.sampled": covariance },
    });
  } finally {
    for (const each of [x, vectors, ...fitted]) each.dispose();
    await golden.close();
  }
}

/** Covariances plus epsilon I at some positions, in an order of channels. @param vectors [samples, positions, width]. */
async function covariances(vectors: Tensor, positions: readonly number[], order: readonly number[]) {
  const values = await taken(scope(() => gather(gather(vectors, positions, 1), order, 2)));
  const [shots, , width] = vectors.shape;
  return positions.flatMap((_, p) => {
    const row = (k: number) =>
      values.subarray((k * positions.length + p) * width, (k * positions.length + p + 1) * width);
    const rows = Array.from({ length: shots }, (_, k) => row(k));
    const means = Array.from(
      { length: width },
      (_, c) => rows.reduce((sum, each) => sum + each[c], 0) / shots,
    );
    return Array.from({ length: width * width }, (_, at) => {
      const [i, j] = [Math.floor(at / width), at % width];
      const product = rows.reduce((sum, each) => sum + (each[i] - means[i]) * (each[j] - means[j]), 0);
      return product / Math.max(1, shots - 1) + (i === j ? EPSILONS[0] : 0);
    });
  });
}
