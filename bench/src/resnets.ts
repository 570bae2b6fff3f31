import { ResNet, type ResNetConfig } from "@inctrl/baselines";
import type { nn } from "@inctrl/tensor";

/** Square images of this many pixels. */
export const RESNET_SIDE = 224;

/** Operations of one pass up to a layer, a multiply-add counting as two. */
export function resnetOperations(config: ResNetConfig, depth = config.blocks.length): number {
  const { conv1, layers } = new ResNet(config);
  let side = RESNET_SIDE;
  const cost = ({ weight }: nn.Conv2d) => 2 * side ** 2 * weight.size;
  side /= Number(conv1.stride);
  let total = cost(conv1);
  side /= 2;
  for (const block of layers.slice(0, depth).flat()) {
    for (const [conv] of block.pairs()) {
      side /= Number(conv.stride);
      total += cost(conv);
    }
    total += block.downsample ? cost(block.downsample[0]) : 0;
  }
  return total;
}
