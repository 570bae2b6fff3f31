import type { ParityCheck } from "@inctrl/detect";
import {
  gather,
  matmul,
  packRows,
  pad,
  reshape,
  scope,
  slice,
  stack,
  type Tensor,
  tensor,
} from "@inctrl/tensor";

import { asImages, onGrid } from "../../maps/grid.js";
import { BLUR, pixelMaps } from "../../maps/pixel-maps.js";
import { coreset } from "../../patchcore/coreset.js";
import { type EmbeddingOptions, openEmbedder } from "../../patchcore/embedding.js";
import { scorePatches } from "../../patchcore/scoring.js";
import { samples, taken } from "../golden.js";
import type { Folder, Seen } from "./folder.js";

export async function patchcoreChecks(folder: Folder): Promise<ParityCheck[]> {
  const { device, normal, query, size, config, open } = folder;
  const golden = await open("patchcore", "map", /^(projection|coreset\.(starts|used))$/);
  const [projection, starts] = [
    await golden.tensor(device, "projection"),
    await golden.numbers("coreset.starts"),
  ];
  const used = golden.names("coreset.used").length > 0 ? await golden.numbers("coreset.used") : null;
  const reweight = Number(golden.metadata.b);
  const embed = ({ layers, grids }: Seen, options: EmbeddingOptions) => {
    using embedder = openEmbedder(
      device,
      [1, 2].map((i) => layers[i].shape[2]),
      options,
    );
    return embedder.embed(layers.slice(1), grids.slice(1));
  };
  const grid = query.grids[1];
  const [pretrainDim, targetDim] = config.dims;
  try {
    const made = scope(() => {
      const options = { pretrainDim, targetDim };
      const x = embed(query, options);
      const bank = reshape(embed(normal, options), [-1, targetDim]);
      const first = (patches: Tensor) => reshape(slice(patches, [[0, 1]]), patches.shape.slice(1));
      const count = Math.floor(config.coreset * bank.shape[0]);
      const choose = (start: "norm" | "mean" | "first", rows: Tensor = bank) =>
        coreset(rows, count, { start, projection: null }, starts);
      const values: Record<string, Tensor> = {
        ...{ bank, query0: first(x) },
        ...{
          "coreset.norm": choose("norm"),
          "coreset.mean": choose("mean"),
          "coreset.first": choose("first"),
        },
        "coreset.mean_projected": choose("mean", matmul(bank, projection, { transposeB: true })),
      };
      // Where rounding decides among rows, the reference's own choice is the bank.
      const rows = used ? tensor(device, Int32Array.from(used)) : values["coreset.mean"];
      const banks = { full: packRows(bank), coreset: packRows(gather(bank, rows)) };
      for (const [name, rows] of Object.entries(banks)) {
        for (const distance of ["squared", "euclidean"] as const) {
          const { patches, score, index } = scorePatches(x, rows, { distance });
          const prefix = `${name}.${distance}`;
          const map = onGrid(patches, grid);
          values[`${prefix}.patch`] = map;
          values[`${prefix}.map`] = pixelMaps(map, size, { blur: BLUR });
          values[`${prefix}.score`] = score;
          if (prefix === "full.squared") {
            values[`${prefix}.map_raw`] = pixelMaps(map, size);
            values["full.index"] = index;
          }
        }
      }
      for (const key of golden.names("full.squared.k")) {
        const neighbours = Number(/\.k(\d+)\.score$/.exec(key)?.[1]);
        values[key] = scorePatches(x, banks.full, { distance: "squared", neighbours }).score;
      }
      const weighed = scorePatches(x, banks.full, { reweight });
      values["reweighted.score"] = weighed.score;
      if (weighed.weight) values["reweighted.weight"] = weighed.weight;
      for (const [name, own] of Object.entries({
        default1024: {},
        concat: { embedding: "concat" as const },
      })) {
        const key = `${name}.normal0.rows`;
        values[key] = slice(first(embed(normal, own)), [[0, golden.has(key) ? golden.shape(key)[0] : 0]]);
      }
      return values;
    });
    const unfolded = await taken(scope(() => unfold(asImages(normal.layers[2], normal.grids[2]))));
    const own = unfolded.subarray(0, unfolded.length / config.shots);
    const key = "unfolded.normal0.samples";
    return await golden.compare({ ...made, [key]: samples(own, golden.shape(key)[0]) });
  } finally {
    projection.dispose();
    await golden.close();
  }
}

/** 3 x 3 neighbourhoods of images, zeros around them: [n, channels, 9, rows, columns]. */
export function unfold(images: Tensor): Tensor {
  const [, , rows, columns] = images.shape;
  const wide = pad(images, [
    [0, 0],
    [0, 0],
    [1, 1],
    [1, 1],
  ]);
  const places = Array.from({ length: 9 }, (_, i) => [Math.floor(i / 3), i % 3]);
  return stack(
    places.map(([y, x]) => slice(wide, [null, null, [y, y + rows], [x, x + columns]])),
    2,
  );
}
