import type { Tap, TapLayout } from "@inctrl/detect";
import type { nn } from "@inctrl/tensor";
import type { Graph } from "../graph.js";

/** What is wanted of a network. */
export interface Wanted {
  /** Outputs whose patches describe an image. Default none. */
  readonly taps?: readonly Tap[];
  /** Whether features of whole images are wanted; without them the network ends after its last tap. Default true. */
  readonly features?: boolean;
}

/** Names of a network's results in a graph. */
export interface TowerResults {
  /** Class features, [batch, embedDim]; null where they are not wanted. */
  readonly features: string | null;
  /** Patches of each tap, [batch, rows * columns, width]. */
  readonly taps: readonly string[];
}

/** A network that can be written into a graph. */
export interface Tower {
  readonly embedDim: number;
  /** Side of the square images that it takes, in pixels. */
  readonly size: number;
  layout(tap: Tap): TapLayout;
  /** Adds the network to a graph. @param pixels normalised, [batch, 3, size, size]. */
  add(graph: Graph, pixels: string, wanted: Wanted): Promise<TowerResults>;
}

/** Where a network's values come from. */
export type Read = nn.ReadParameter;

/** The right operand of a product is [in, out]. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let c = 0; c < columns; c++)
    for (let r = 0; r < rows; r++) out[c * rows + r] = values[r * columns + c];
  return out;
}
