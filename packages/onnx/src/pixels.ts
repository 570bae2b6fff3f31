import type { PreprocessConfig } from "@inctrl/clip";
import type { Graph } from "./graph.js";

/** Bytes of RGB, [batch, height, width, 3], to normalised planes [batch, 3, height, width], in the steps of `normalizePixels`. */
export function normalised(
  graph: Graph,
  images: string,
  { mean, std }: Pick<PreprocessConfig, "mean" | "std">,
): string {
  const constant = (values: readonly number[]) => graph.constant([values.length], Float32Array.from(values));
  const share = graph.node("Div", [graph.node("Cast", [images], { to: 1 }), constant([255])]);
  const normal = graph.node("Div", [graph.node("Sub", [share, constant(mean)]), constant(std)]);
  return graph.node("Transpose", [normal], { perm: [0, 3, 1, 2] });
}
