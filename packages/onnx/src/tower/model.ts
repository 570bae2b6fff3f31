import type { Tap } from "@inctrl/detect";
import { Graph } from "../graph.js";
import type { Fields } from "../protobuf.js";
import type { Tower } from "./tower.js";

/** The axis of images. */
export const BATCH = "batch";

/** The name of a tap among the results of a `towerModel`. */
export const tapName = (tap: Tap): string => `tap.${tap}`;

/**
 * A network alone as an ONNX model from normalised `pixels` [batch, 3, size, size] to `features` [batch, embedDim] and to the patches of
 * each tap, [batch, patches, width], under `tapName`.
 *
 * @param batch images at once; a name for any number.
 * @example
 * await writeFile("tower.onnx", await towerModel(vitTower(findConfig("ViT-B-16"), randomParameters(1))));
 */
export async function towerModel(
  tower: Tower,
  { taps = [], batch = BATCH, features = true }: TowerModelOptions = {},
): Promise<Fields> {
  const graph = new Graph();
  const pixels = graph.input("pixels", [batch, 3, tower.size, tower.size]);
  const results = await tower.add(graph, pixels, { taps, features });
  if (results.features !== null) graph.result("features", results.features, [batch, tower.embedDim]);
  for (const [i, tap] of taps.entries()) {
    const { rows, columns, width } = tower.layout(tap);
    graph.result(tapName(tap), results.taps[i], [batch, rows * columns, width]);
  }
  return graph.model();
}

export interface TowerModelOptions {
  readonly taps?: readonly Tap[];
  readonly batch?: number | string;
  /** Default true. */
  readonly features?: boolean;
}
