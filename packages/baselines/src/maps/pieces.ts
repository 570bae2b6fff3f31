import { split, type Tensor } from "@inctrl/tensor";

/**
 * A tensor in pieces along its first axis, each of which an adapter can bind: what many prompts leave behind may be more than that. A
 * tensor of fewer bytes is its own only piece.
 *
 * @param most bytes of a piece; a piece has one entry of the first axis at least.
 */
export function piecesOf(x: Tensor, most = x.device.caps.maxBindingBytes): Tensor[] {
  const [count] = x.shape;
  const each = Math.max(1, Math.floor((most * count) / x.bytes));
  if (each >= count) return [x];
  const sizes = Array.from({ length: Math.ceil(count / each) }, (_, i) => Math.min(each, count - i * each));
  return split(x, sizes);
}
