import { concat, split } from "../ops/concat.js";
import { reshape } from "../ops/shape.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** Values of several tensors laid end to end, so that what is done to each value alone takes one dispatch for all of them. */
export const layEndToEnd = (tensors: readonly Tensor[]): Tensor =>
  concat(tensors.map((tensor) => reshape(tensor, [tensor.size])));

/** The tensors of these shapes again. */
export function cutApart(flat: Tensor, shapes: readonly Shape[]): Tensor[] {
  const sizes = shapes.map((shape) => shape.reduce((n, d) => n * d, 1));
  return split(flat, sizes).map((part, i) => reshape(part, shapes[i]));
}

/** Runs of tensors whose values together fit into one binding; one that does not fit alone is a run of its own. */
export function runsThatFit(tensors: readonly Tensor[]): Tensor[][] {
  const runs: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (runs.length === 0 || tensor.bytes > room) {
      runs.push([]);
      room = tensor.device.caps.maxBindingBytes;
    }
    runs[runs.length - 1].push(tensor);
    room -= tensor.bytes;
  }
  return runs;
}
