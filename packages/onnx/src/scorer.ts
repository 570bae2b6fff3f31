import type { CalibratedJudge, FittedDetector } from "@inctrl/detect";
import { type Aggregate, type Component, type Heads, largestOf, readComponents } from "@inctrl/inctrl";
import { concat, scope } from "@inctrl/tensor";
import { OnnxError } from "./errors.js";
import { Fusion, type Parts } from "./fusion.js";
import { Graph } from "./graph.js";
import { normalised } from "./pixels.js";
import type { Fields } from "./protobuf.js";
import { aggregated, residualMap, unitRows } from "./search.js";
import { BATCH } from "./tower/model.js";
import { type Tower, transposed } from "./tower/tower.js";

/** A fitted detector, and what a file of it is made from. */
export interface Scorer {
  readonly fitted: FittedDetector;
  /** The network of its encoder. */
  readonly tower: Tower;
  /** The heads that it scores with. */
  readonly heads?: Heads;
  /** What the images show, where its score asks a text. */
  readonly className?: string;
  /** The line between good and bad parts; null where there is none. */
  readonly judge?: Pick<CalibratedJudge, "line" | "scores"> | null;
}

/** Names of inputs and results. */
export const NAMES = {
  images: "images",
  score: "score",
  map: "map",
  p: "p_value",
  flagged: "flagged",
} as const;

/**
 * A detector as an ONNX model: from `images`, bytes of RGB [batch, height, width, 3] at the size that the network takes, to `score` [batch]
 * and `map` [batch, rows, columns]; with a line also to `p_value` [batch], the share of good parts that score at least as high, and
 * `flagged` [batch], whether the score is above the line.
 *
 * @param facts what the file's metadata says.
 * @throws OnnxError `method` for detectors that have no form in ONNX, `size` for files of 2 GB and more.
 */
export async function scoringModel(
  scorer: Scorer,
  facts: Readonly<Record<string, string>> = {},
): Promise<Fields> {
  const { fitted, tower, judge } = scorer;
  const { encoder } = fitted.detector;
  const { aggregate, parts } = await methodOf(scorer);
  const graph = new Graph();
  const images = graph.input(NAMES.images, [BATCH, tower.size, tower.size, 3], "uint8");
  const pixels = normalised(graph, images, encoder.preprocess);
  const features = parts.components.has("I") || parts.components.has("T");
  const network = await tower.add(graph, pixels, { taps: encoder.taps, features });
  const [{ rows, columns }] = encoder.layouts;
  const map = residualMap(graph, network.taps, await banksOf(scorer));
  const largest = largestOf(aggregate, rows * columns) as number;
  const s_p = aggregated(graph, map, largest);
  const known = { features: network.features, map, residual: s_p, patches: rows * columns };
  const score = await new Fusion(graph, scorer, parts).score(known);
  graph.result(NAMES.score, score, [BATCH]);
  const grid = graph.node("Reshape", [map, graph.integers(-1, rows, columns)]);
  graph.result(NAMES.map, grid, [BATCH, rows, columns]);
  if (judge) addLine(graph, score, judge);
  return graph.model(facts);
}

/** What the method's settings say of its score. @throws OnnxError `method`. */
async function methodOf({ fitted, heads }: Scorer): Promise<{ aggregate: Aggregate; parts: Parts }> {
  const { detector, region } = fitted;
  const { name, encoder } = detector;
  const { components, aggregate, alpha, ...others } = await detector.settings();
  const refuse = (why: string) => new OnnxError("method", why);
  if (name !== "residual" && name !== "inctrl")
    throw refuse(`the method ${name} has no form in ONNX; make a bank with --method residual or inctrl`);
  for (const setting of ["averaged", "distance"])
    if (others[setting] !== undefined)
      throw refuse(
        `${name} with ${setting}=${others[setting]} has no form in ONNX; make a bank without ${setting}`,
      );
  if (region) throw refuse("a bank with a region has no form in ONNX; make one without, and cut the images");
  const { fit, preprocess } = encoder;
  if (fit !== "crop" && fit !== "squash")
    throw refuse(
      `fit ${fit} has no form in ONNX: an image is one view there; make a bank with crop or squash`,
    );
  if (preprocess.unrounded)
    throw refuse(
      "images of values between whole ones have no form in ONNX, whose input is bytes; take another method",
    );
  const parts: Parts = {
    components: new Set<Component>(readComponents(components) ?? ["P"]),
    alpha: Number(alpha ?? 1),
    ...(name === "inctrl" && heads && { heads }),
  };
  return { aggregate: aggregate as Aggregate, parts };
}

/** The bank's patches, as the right operands of products. */
async function banksOf({ fitted }: Scorer) {
  const prompts = fitted.encoded?.() ?? [];
  try {
    return await Promise.all(
      fitted.detector.encoder.layouts.map(async ({ width }, tap) => {
        const joined = scope(() => concat(prompts.map(({ rows }) => rows[tap])));
        const values = unitRows((await joined.data()) as Float32Array, width);
        joined.dispose();
        return { width, columns: transposed(values, values.length / width, width) };
      }),
    );
  } finally {
    for (const prompt of prompts) prompt.dispose();
  }
}

/** The p value of scores, and whether they are above the line. */
function addLine(
  graph: Graph,
  score: string,
  { line, scores }: Pick<CalibratedJudge, "line" | "scores">,
): void {
  const constant = (shape: number[], ...values: number[]) => graph.constant(shape, Float32Array.from(values));
  const above = graph.node("Greater", [score, constant([1], line.threshold)]);
  const column = graph.node("Reshape", [score, graph.integers(-1, 1)]);
  const atLeast = graph.node("GreaterOrEqual", [constant([1, scores.length], ...scores), column]);
  const count = graph.node("ReduceSum", [graph.node("Cast", [atLeast], { to: 1 }), graph.integers(1)], {
    keepdims: 0,
  });
  const p = graph.node("Div", [
    graph.node("Add", [count, constant([1], 1)]),
    constant([1], scores.length + 1),
  ]);
  graph.result(NAMES.p, p, [BATCH]);
  graph.result(NAMES.flagged, above, [BATCH], "bool");
}
