import { gridSample, maxPool2d, nn, permute, reshape, scope, type Tensor, tensor } from "@inctrl/tensor";
import { type ResNetConfig, widthOf } from "../resnet/config.js";
import { ResNet } from "../resnet/model.js";
import type { Registration } from "./shape.js";
import { gridOf, identityOf, inverseOf, type Mode, matricesOf } from "./theta.js";

/** ResNet-18 up to its third layer. */
export const TRUNK: ResNetConfig = { name: "resnet18", blocks: [2, 2, 2], bottleneck: null };

const STAGES = [1, 2, 3] as const;

/** Channels of the features that are compared. */
const WIDTH = 256;

/** The last layer of a transformer, which starts at the identity whatever the image. */
class Parameters extends nn.Linear {
  override readonly bias: nn.Parameter;

  constructor(inputs: number, identity: readonly number[]) {
    super(inputs, identity.length, { bound: 0 });
    const initial: nn.Initializer = (device) => tensor(device, [...identity]);
    this.bias = new nn.Parameter([identity.length], { role: "bias", initial });
  }
}

/** A spatial transformer (Jaderberg et al. 2015): maps are warped by a matrix that is read off them. */
export class Transformer extends nn.Module {
  readonly mode: Mode;
  /** Two convolutions with their norms, at the places that they have in checkpoints. */
  readonly conv: readonly [nn.Conv2d, nn.BatchNorm, null, null, nn.Conv2d, nn.BatchNorm];
  readonly fc: readonly [nn.Linear, null, nn.Linear];

  /**
   * @param side rows and columns of its maps.
   * @param options.stream tells transformers of one seed apart.
   */
  constructor(mode: Mode, channels: number, side: number, { seed = 0, stream = 0 }: nn.Initial = {}) {
    super();
    this.mode = mode;
    const [first, second, third] = [0, 1, 2].map((i) => ({ seed, stream: stream + i }));
    this.conv = [
      new nn.Conv2d(channels, 64, 3, { padding: 1, ...first }),
      new nn.BatchNorm(64),
      null,
      null,
      new nn.Conv2d(64, 16, 3, { padding: 1, ...second }),
      new nn.BatchNorm(16),
    ];
    const left = Math.ceil(Math.ceil(side / 2) / 2);
    this.fc = [new nn.Linear(16 * left ** 2, 1024, third), null, new Parameters(1024, identityOf(mode))];
  }

  override freeze(options: nn.FreezeOptions = {}): this {
    const [conv0, norm0, , , conv4, norm4] = this.conv;
    conv0.freeze({ ...options, norm: norm0 });
    conv4.freeze({ ...options, norm: norm4 });
    return super.freeze(options);
  }

  /** @param x [views, side, side, channels]. @returns matrices [views, 2, 3]. */
  matrices(x: Tensor): Tensor {
    const [conv0, norm0, , , conv4, norm4] = this.conv;
    const [fc0, , fc2] = this.fc;
    const smaller = (map: Tensor) => maxPool2d(map, 3, { stride: 2, padding: 1, channelsLast: true });
    return scope(() => {
      const y = smaller(conv0.forward(x, { norm: norm0, activation: "relu" }));
      const z = smaller(conv4.forward(y, { norm: norm4, activation: "relu" }));
      const flat = reshape(permute(z, [0, 3, 1, 2]), [x.shape[0], -1]);
      return matricesOf(this.mode, fc2.forward(fc0.forward(flat, { activation: "relu" })));
    });
  }
}

/** Maps [views, rows, columns, channels] sampled where matrices [views, 2, 3] say; beyond their edges they are mirrored. */
export function warp(map: Tensor, matrices: Tensor): Tensor {
  return scope(() => {
    const [, rows, columns] = map.shape;
    const grid = gridOf(matrices, rows, columns);
    const warped = gridSample(permute(map, [0, 3, 1, 2]), grid, { padding: "reflection" });
    return permute(warped, [0, 2, 3, 1]);
  });
}

/** What a stage makes. */
export interface Stage {
  /** The layer's output, [views, rows, columns, channels]. */
  readonly layer: Tensor;
  /** [views, 2, 3]. */
  readonly matrices: Tensor;
  /** The output warped, which the next layer takes. */
  readonly warped: Tensor;
}

/**
 * RegAD's network (Huang et al. 2022): ResNet-18 with a transformer after each of its first three layers. Its images have one size.
 *
 * @example
 * const network = new RegistrationNetwork({ mode: "rotation_scale", side: 224 }).freeze();
 * const [first] = registered(network.stages(pixels)); // [views, 56, 56, 64]
 */
export class RegistrationNetwork extends ResNet {
  readonly mode: Mode;
  /** Pixels of a side of its images. */
  readonly side: number;
  readonly stn1: Transformer;
  readonly stn2: Transformer;
  readonly stn3: Transformer;

  constructor({ mode, side, blocks = TRUNK.blocks }: Registration, { seed = 0 }: nn.Initial = {}) {
    super({ ...TRUNK, blocks });
    this.mode = mode;
    this.side = side;
    [this.stn1, this.stn2, this.stn3] = STAGES.map(
      (stage) =>
        new Transformer(mode, widthOf(TRUNK, stage), sideOf(stage, side), { seed, stream: 3 * stage }),
    );
  }

  /** @param pixels [views, 3, side, side], from 0 to 1. */
  stages(pixels: Tensor): Stage[] {
    return scope(() => {
      let x = this.stem(pixels);
      return STAGES.map((stage) => {
        const layer = this.layer(stage, x);
        const matrices = [this.stn1, this.stn2, this.stn3][stage - 1].matrices(layer);
        x = warp(layer, matrices);
        return { layer, matrices, warped: x };
      });
    });
  }
}

/** Rows and columns of a stage's maps. */
export const sideOf = (stage: number, side: number): number => Math.ceil(side / 2 ** (stage + 1));

/** Rows and columns of the smallest map that a norm sees: in the last transformer, between its two poolings. */
export const smallestNorm = (side: number): number => Math.ceil(sideOf(3, side) / 2);

/** Each stage's warped map, warped back by the inverses of its matrices and of those before it, one after the other. */
export function registered(stages: readonly Stage[]): Tensor[] {
  return scope(() => {
    const inverses = stages.map(({ matrices }) => inverseOf(matrices));
    return stages.map(({ warped }, i) =>
      inverses.slice(0, i + 1).reduceRight((map, inverse) => warp(map, inverse), warped),
    );
  });
}

/** 1 x 1 convolutions from features to what is compared. Takes part in training alone. */
export class FeatureEncoder extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1 = new nn.BatchNorm(WIDTH);
  readonly conv2: nn.Conv2d;
  readonly bn2 = new nn.BatchNorm(WIDTH);
  readonly conv3: nn.Conv2d;
  /** Stands in checkpoints and is not used. */
  readonly bn3 = new nn.BatchNorm(WIDTH);

  constructor({ seed = 0 }: nn.Initial = {}) {
    super();
    [this.conv1, this.conv2, this.conv3] = [0, 1, 2].map(
      (i) => new nn.Conv2d(WIDTH, WIDTH, 1, { seed, stream: 16 + i }),
    );
  }

  forward(x: Tensor): Tensor {
    return scope(() => {
      const y = this.conv1.forward(x, { norm: this.bn1, activation: "relu" });
      return this.conv3.forward(this.conv2.forward(y, { norm: this.bn2, activation: "relu" }));
    });
  }
}

/** Foretells the other image's encoded features. Takes part in training alone. */
export class FeaturePredictor extends nn.Module {
  readonly conv1: nn.Conv2d;
  readonly bn1 = new nn.BatchNorm(WIDTH);
  readonly conv2: nn.Conv2d;

  constructor({ seed = 0 }: nn.Initial = {}) {
    super();
    [this.conv1, this.conv2] = [0, 1].map((i) => new nn.Conv2d(WIDTH, WIDTH, 1, { seed, stream: 20 + i }));
  }

  forward(z: Tensor): Tensor {
    return scope(() => this.conv2.forward(this.conv1.forward(z, { norm: this.bn1, activation: "relu" })));
  }
}
