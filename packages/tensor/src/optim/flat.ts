import { concat, split } from "../ops/concat.js";
import { reshape } from "../ops/shape.js";
import type { Shape } from "../shape.js";
import type { Tensor } from "../tensor.js";

/** Concatenates the values of several tensors, so that an elementwise update of all takes one dispatch. */
export const concatFlat = (tensors: readonly Tensor[]): Tensor =>
  concat(tensors.map((tensor) => reshape(tensor, [tensor.size])));

/** Splits a vector into tensors of these shapes. */
export function splitFlat(flat: Tensor, shapes: readonly Shape[]): Tensor[] {
  const sizes = shapes.map((shape) => shape.reduce((n, d) => n * d, 1));
  return split(flat, sizes).map((part, i) => reshape(part, shapes[i]));
}

/** Groups of consecutive tensors whose values fit into one binding; a tensor that does not fit is a group of its own. */
export function groupsThatFit(tensors: readonly Tensor[]): Tensor[][] {
  const groups: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (groups.length === 0 || tensor.bytes > room) {
      groups.push([]);
      room = tensor.device.caps.maxBindingBytes;
    }
    groups[groups.length - 1].push(tensor);
    room -= tensor.bytes;
  }
  return groups;
}
