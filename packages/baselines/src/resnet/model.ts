import { maxPool2d, mean, nn, permute, reshape, scope, type Tensor } from "@inctrl/tensor";
import { planesOf, type ResNetConfig, widthOf } from "./config.js";

/** What changes the shape inside a block: channels in, in the middle and out, and the stride. */
interface BlockSizes {
  readonly inputs: number;
  readonly middle: number;
  readonly outputs: number;
  readonly stride: number;
}

/** A part of a residual network, whose input its residual branch is added to. */
abstract class Residual extends nn.Module {
  /** A 1 x 1 convolution and its norm, where the shape changes. */
  readonly downsample: [nn.Conv2d, nn.BatchNorm] | null;

  constructor({ inputs, outputs, stride }: BlockSizes) {
    super();
    this.downsample =
      inputs === outputs && stride === 1
        ? null
        : [new nn.Conv2d(inputs, outputs, 1, { stride }), new nn.BatchNorm(outputs)];
  }

  /** Each convolution with the norm after it. */
  abstract pairs(): [nn.Conv2d, nn.BatchNorm][];

  /** The same by their names in checkpoints, the shortcut's included. */
  *convolutions(): Generator<[name: string, pair: readonly [nn.Conv2d, nn.BatchNorm]]> {
    for (const [i, pair] of this.pairs().entries()) yield [`conv${i + 1}`, pair];
    if (this.downsample) yield ["downsample", this.downsample];
  }

  protected shortcut(x: Tensor): Tensor {
    const [conv, norm] = this.downsample ?? [];
    return conv ? conv.forward(x, { norm }) : x;
  }

  override freeze(options: nn.FreezeOptions = {}): this {
    for (const [, [conv, norm]] of this.convolutions()) conv.freeze({ ...options, norm });
    return super.freeze(options);
  }

  abstract forward(x: Tensor): Tensor;
}

/** relu(bn2(conv2(relu(bn1(conv1 x)))) + x): two convolutions of 3 x 3. */
export class BasicBlock extends Residual {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm;

  constructor(sizes: BlockSizes) {
    super(sizes);
    const { inputs, outputs, stride } = sizes;
    this.conv1 = new nn.Conv2d(inputs, outputs, 3, { stride, padding: 1 });
    this.bn1 = new nn.BatchNorm(outputs);
    this.conv2 = new nn.Conv2d(outputs, outputs, 3, { padding: 1 });
    this.bn2 = new nn.BatchNorm(outputs);
  }

  override pairs(): [nn.Conv2d, nn.BatchNorm][] {
    return [
      [this.conv1, this.bn1],
      [this.conv2, this.bn2],
    ];
  }

  /** @param x [b, h, w, inputs]. @returns [b, h / stride, w / stride, outputs]. */
  override forward(x: Tensor): Tensor {
    return scope(() => {
      const y = this.conv1.forward(x, { norm: this.bn1, activation: "relu" });
      return this.conv2.forward(y, { norm: this.bn2, residual: this.shortcut(x), activation: "relu" });
    });
  }
}

/** The same with a bottleneck: 1 x 1 to the middle, 3 x 3 with the stride (as torchvision has it, "v1.5"), 1 x 1 to the outputs. */
export class Bottleneck extends Residual {
  readonly conv1: nn.Conv2d;
  readonly bn1: nn.BatchNorm;
  readonly conv2: nn.Conv2d;
  readonly bn2: nn.BatchNorm;
  readonly conv3: nn.Conv2d;
  readonly bn3: nn.BatchNorm;

  constructor(sizes: BlockSizes) {
    super(sizes);
    const { inputs, middle, outputs, stride } = sizes;
    this.conv1 = new nn.Conv2d(inputs, middle, 1);
    this.bn1 = new nn.BatchNorm(middle);
    this.conv2 = new nn.Conv2d(middle, middle, 3, { stride, padding: 1 });
    this.bn2 = new nn.BatchNorm(middle);
    this.conv3 = new nn.Conv2d(middle, outputs, 1);
    this.bn3 = new nn.BatchNorm(outputs);
  }

  override pairs(): [nn.Conv2d, nn.BatchNorm][] {
    return [
      [this.conv1, this.bn1],
      [this.conv2, this.bn2],
      [this.conv3, this.bn3],
    ];
  }

  /** @param x [b, h, w, inputs]. @returns [b, h / stride, w / stride, outputs]. */
  override forward(x: Tensor): Tensor {
    return scope(() => {
      const y = this.conv1.forward(x, { norm: this.bn1, activation: "relu" });
      const z = this.conv2.forward(y, { norm: this.bn2, activation: "relu" });
      return this.conv3.forward(z, { norm: this.bn3, residual: this.shortcut(x), activation: "relu" });
    });
  }
}

type Block = BasicBlock | Bottleneck;

/**
 * A residual network without its classifier (He et al. 2016). Maps have their channels last, [b, h, w, channels].
 *
 * @example
 * const resnet = new ResNet(findResNet("resnet18")!).freeze();
 * const [layer1, layer2] = resnet.forward(pixels, 2); // [b, 3, 224, 224] gives [b, 56, 56, 64] and [b, 28, 28, 128]
 */
export class ResNet extends nn.Module {
  readonly config: ResNetConfig;
  readonly conv1 = new nn.Conv2d(3, 64, 7, { stride: 2, padding: 3 });
  readonly bn1 = new nn.BatchNorm(64);
  readonly layer1: Block[];
  readonly layer2: Block[];
  readonly layer3: Block[];
  readonly layer4: Block[];

  constructor(config: ResNetConfig) {
    super();
    this.config = config;
    [this.layer1, this.layer2, this.layer3, this.layer4] = [1, 2, 3, 4].map((layer) =>
      blocksOf(config, layer),
    );
  }

  /** How many layers there are. */
  get depth(): number {
    return this.config.blocks.length;
  }

  /** Their blocks; a layer that the network lacks has none. */
  get layers(): readonly (readonly Block[])[] {
    return [this.layer1, this.layer2, this.layer3, this.layer4];
  }

  override freeze(options: nn.FreezeOptions = {}): this {
    this.conv1.freeze({ ...options, norm: this.bn1 });
    return super.freeze(options);
  }

  /** What comes before the layers: 7 x 7 with stride 2, norm, ReLU, and the largest of 3 x 3 with stride 2. @param pixels [b, 3, h, w]. */
  stem(pixels: Tensor): Tensor {
    return scope(() => {
      const image = permute(pixels, [0, 2, 3, 1]);
      const y = this.conv1.forward(image, { norm: this.bn1, activation: "relu" });
      return maxPool2d(y, 3, { stride: 2, padding: 1, channelsLast: true });
    });
  }

  /** A layer, counted from 1. @param x the map before it. */
  layer(number: number, x: Tensor): Tensor {
    return scope(() => this.layers[number - 1].reduce((map, block) => block.forward(map), x));
  }

  /** The maps after layers 1 to `depth`. @param pixels [b, 3, h, w], normalised. */
  forward(pixels: Tensor, depth = this.depth): Tensor[] {
    return scope(() => {
      const maps: Tensor[] = [];
      let x = this.stem(pixels);
      for (let layer = 1; layer <= depth; layer++) {
        x = this.layer(layer, x);
        maps.push(x);
      }
      return maps;
    });
  }
}

function blocksOf(config: ResNetConfig, layer: number): Block[] {
  const { blocks, bottleneck } = config;
  const outputs = widthOf(config, layer);
  return Array.from({ length: blocks[layer - 1] ?? 0 }, (_, i) => {
    const sizes = {
      inputs: i > 0 ? outputs : layer === 1 ? 64 : widthOf(config, layer - 1),
      middle: bottleneck === null ? outputs : (bottleneck * planesOf(layer)) / 64,
      outputs,
      stride: i === 0 && layer > 1 ? 2 : 1,
    };
    return bottleneck === null ? new BasicBlock(sizes) : new Bottleneck(sizes);
  });
}

/** A map's values by place, [b, rows * columns, channels]. */
export const rowsOf = (map: Tensor): Tensor => reshape(map, [map.shape[0], -1, map.shape[3]]);

/** The mean of a map over its places, [b, channels]. */
export const pooled = (map: Tensor): Tensor => scope(() => mean(rowsOf(map), 1));
