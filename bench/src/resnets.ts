import { type ResNetConfig, widthOf } from "@inctrl/baselines";

/** Square images of this many pixels. */
export const RESNET_SIDE = 224;

/** A convolution of a network: where its parameters are, and how it is run. */
export interface Convolution {
  readonly conv: string;
  readonly norm: string;
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride: number;
}

/** A block: its convolutions in order, and that of its shortcut where it has one. */
export interface ConvolutionBlock {
  readonly main: readonly Convolution[];
  readonly shortcut: Convolution | null;
}

export const STEM: Convolution = {
  ...{ conv: "conv1", norm: "bn1" },
  ...{ inputs: 3, outputs: 64, kernel: 7, stride: 2 },
};

/** The blocks of a network's layers, in order. */
export function blocksOf(config: ResNetConfig): ConvolutionBlock[] {
  const { blocks, bottleneck } = config;
  return blocks.flatMap((count, at) => {
    const layer = at + 1;
    const outputs = widthOf(config, layer);
    const middle = bottleneck === null ? outputs : bottleneck * 2 ** at;
    return Array.from({ length: count }, (_, i) => {
      const inputs = i > 0 ? outputs : layer === 1 ? 64 : widthOf(config, at);
      const stride = i === 0 && layer > 1 ? 2 : 1;
      const prefix = `layer${layer}.${i}.`;
      const one = (number: number, from: number, to: number, kernel: number, step: number): Convolution => ({
        ...{ conv: `${prefix}conv${number}`, norm: `${prefix}bn${number}` },
        ...{ inputs: from, outputs: to, kernel, stride: step },
      });
      const main =
        bottleneck === null
          ? [one(1, inputs, outputs, 3, stride), one(2, outputs, outputs, 3, 1)]
          : [one(1, inputs, middle, 1, 1), one(2, middle, middle, 3, stride), one(3, middle, outputs, 1, 1)];
      const changes = inputs !== outputs || stride > 1;
      const shortcut = { conv: `${prefix}downsample.0`, norm: `${prefix}downsample.1` };
      return {
        main,
        shortcut: changes ? { ...shortcut, ...{ inputs, outputs, kernel: 1, stride } } : null,
      };
    });
  });
}

/** Operations of one pass up to a layer, a multiply-add counting as two. */
export function resnetOperations(config: ResNetConfig, layers = config.blocks.length): number {
  let side = RESNET_SIDE / STEM.stride;
  const cost = ({ inputs, outputs, kernel }: Convolution) => 2 * side ** 2 * inputs * outputs * kernel ** 2;
  let total = cost(STEM);
  side /= 2;
  for (const { main, shortcut } of blocksOf({ ...config, blocks: config.blocks.slice(0, layers) })) {
    for (const each of main) {
      side /= each.stride;
      total += cost(each);
    }
    total += shortcut ? cost(shortcut) : 0;
  }
  return total;
}
