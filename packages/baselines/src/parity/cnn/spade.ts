import type { ParityCheck } from "@inctrl/detect";
import { arange, expand, nearestRows, scope, sqrt, squaredDistances, type Tensor } from "@inctrl/tensor";
import { onGrid } from "../../maps/grid.js";
import { References, type SpadeOptions, spadeMap } from "../../spade/spade.js";
import type { Golden } from "../golden.js";
import type { Folder } from "./folder.js";

/** The settings of a run by its name and what the file says of it; differences of 1e-6, which `released_eps` adds, are below the tolerance. */
function optionsOf(name: string, { [name]: told = "" }: Golden["metadata"]): SpadeOptions {
  const neighbours = Number(/\bk (\d+)/.exec(told)?.[1] ?? 2);
  if (name === "squared") return { neighbours, metric: "squared" };
  const pixelNeighbours = /^kappa(\d+)$/.exec(name)?.[1];
  return pixelNeighbours ? { neighbours, pixelNeighbours: Number(pixelNeighbours) } : {};
}

export async function spadeChecks(folder: Folder): Promise<ParityCheck[]> {
  const { device, normal, query, size, config, open } = folder;
  const golden = await open("spade", "map");
  using references = new References(normal.features, normal.layers);
  try {
    const made = scope(() => {
      const { rows } = references.features;
      const every = expand(arange(device, config.shots, "int32"), [query.features.shape[0], config.shots]);
      const values: Record<string, Tensor> = {
        distances: sqrt(squaredDistances(query.features, rows, every)),
        neighbours: nearestRows(query.features, references.features, config.shots).index,
      };
      for (const name of golden.names("").flatMap((each) => /^(.*)\.score$/.exec(each)?.[1] ?? [])) {
        const { score, layers } = references.score(
          query.features,
          query.layers,
          optionsOf(name, golden.metadata),
        );
        for (const [i, layer] of layers.entries())
          values[`${name}.layer${i + 1}`] = onGrid(layer, query.grids[i]);
        values[`${name}.score`] = score;
        values[`${name}.map`] = spadeMap(layers, query.grids, size);
        if (name === "default") values[`${name}.map_raw`] = spadeMap(layers, query.grids, size, {});
      }
      return values;
    });
    return await golden.compare(made);
  } finally {
    await golden.close();
  }
}
