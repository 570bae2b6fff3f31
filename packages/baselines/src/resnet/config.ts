/** A ResNet of torchvision's form (He et al. 2016): what its tensors' shapes tell. */
export interface ResNetConfig {
  readonly name: string;
  /** Blocks of each layer; networks cut off after a layer have fewer than four. */
  readonly blocks: readonly number[];
  /** Channels in the middle of layer1's blocks of three convolutions; null where blocks have two. */
  readonly bottleneck: number | null;
}

/** Channels that the first convolution of a layer's blocks is made for: 64, 128, 256, 512. */
export const planesOf = (layer: number): number => 32 * 2 ** layer;

/** Channels of the output of a layer, counted from 1. */
export const widthOf = ({ bottleneck }: Pick<ResNetConfig, "bottleneck">, layer: number): number =>
  planesOf(layer) * (bottleneck ? 4 : 1);

/** Networks by name: blocks of each layer, and the middle of a bottleneck. */
const KNOWN: readonly ResNetConfig[] = [
  { name: "resnet18", blocks: [2, 2, 2, 2], bottleneck: null },
  { name: "resnet34", blocks: [3, 4, 6, 3], bottleneck: null },
  { name: "resnet50", blocks: [3, 4, 6, 3], bottleneck: 64 },
  { name: "resnet101", blocks: [3, 4, 23, 3], bottleneck: 64 },
  { name: "wide_resnet50_2", blocks: [3, 4, 6, 3], bottleneck: 128 },
];

/** The network called `name`, undefined where there is none. */
export const findResNet = (name: string): ResNetConfig | undefined =>
  KNOWN.find((known) => known.name === name);

/** What networks that begin like these blocks are called; those of no known form by their blocks. */
export function nameOf({ blocks, bottleneck }: Omit<ResNetConfig, "name">): string {
  const same = (known: ResNetConfig) =>
    known.bottleneck === bottleneck && blocks.every((count, i) => count === known.blocks[i]);
  return KNOWN.find(same)?.name ?? `resnet-${blocks.join("-")}`;
}
