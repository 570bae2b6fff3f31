import { createHash } from "node:crypto";
import { basename } from "node:path";
import { type PreprocessConfig, randomParameters } from "@inctrl/clip";
import {
  type Backbone,
  type BackboneOptions,
  DetectError,
  fingerprinting,
  imagesAtOnce,
  type Tap,
  type TapLayout,
  type ViewSize,
  withoutText,
} from "@inctrl/detect";
import { type Device, measurePace, nn, scope, Tensor, zeros } from "@inctrl/tensor";
import { planesOf, type ResNetConfig, widthOf } from "./config.js";
import { pooled, ResNet, rowsOf } from "./model.js";
import { RESNET_PREPROCESS } from "./preprocess.js";
import { openResNet, type ResNetWeights } from "./weights.js";

/**
 * A frozen ResNet. Its taps are its layers, 1 to 4, each with a grid and a width of its own; the feature of an image is the mean over
 * the last layer's map (avgpool). Images of any size are taken.
 */
export class ResNetBackbone implements Backbone {
  readonly name: string;
  readonly device: Device;
  readonly fingerprint: string;
  readonly resnet: ResNet;
  readonly promptSymmetries = 1;
  readonly hasText = false;
  /** Opens the values that it was made of once more, which a training begins with; null where that cannot be. */
  source: (() => Promise<Pick<ResNetWeights, "read" | "close">>) | null = null;

  constructor(name: string, device: Device, resnet: ResNet, fingerprint: string) {
    this.name = name;
    this.device = device;
    this.resnet = resnet;
    this.fingerprint = fingerprint;
  }

  get parameters(): number {
    return this.resnet.size;
  }

  get embedDim(): number {
    return widthOf(this.resnet.config, this.resnet.depth);
  }

  get preprocess(): PreprocessConfig {
    return RESNET_PREPROCESS;
  }

  get depth(): number {
    return this.resnet.depth;
  }

  /** One layer, since methods that compare patches of several need one grid: the third, 14 x 14 of 224 pixels. */
  get defaultTaps(): readonly number[] {
    return [Math.min(3, this.resnet.depth)];
  }

  layout(tap: Tap, { width, height }: ViewSize): TapLayout {
    const { depth, config } = this.resnet;
    const layer = Number(tap);
    if (typeof tap !== "number" || !Number.isInteger(layer) || layer < 1 || layer > depth)
      throw new DetectError(
        "blocks",
        `layers ${tap}: ${this.name} has ${depth}; give some of 1 to ${depth} in ascending order, each once`,
      );
    // Each step by two rounds up: the stem takes two, each layer but the first one.
    const side = (pixels: number) => Math.ceil(pixels / 2 ** (layer + 1));
    return { rows: side(height), columns: side(width), width: widthOf(config, layer) };
  }

  batch(size: ViewSize, taps: readonly Tap[]): number {
    const bytes = (tap: Tap) => {
      const { rows, columns, width } = this.layout(tap, size);
      return 4 * rows * columns * width;
    };
    // The first convolution's map has 64 channels at half the pixels.
    const stem = 4 * 64 * Math.ceil(size.width / 2) * Math.ceil(size.height / 2);
    const widest = Math.max(stem, bytes(1));
    const kept = taps.reduce((sum: number, tap) => sum + bytes(tap), 0);
    // The middle convolutions of all layers take about the same; those of the first are made for the most pixels.
    const { rows, columns } = this.layout(1, size);
    const flop = 2 * rows * columns * 9 * (this.resnet.config.bottleneck ?? planesOf(1)) ** 2;
    return imagesAtOnce(this.device, { widest, bytes: 3 * widest + 2 * kept, flop });
  }

  encode(
    pixels: Tensor,
    taps: readonly Tap[],
    { features = true }: { readonly features?: boolean } = {},
  ): { features: Tensor; taps: Tensor[] } {
    return scope(() => {
      const maps = this.resnet.forward(pixels, features ? this.depth : Math.max(...taps.map(Number)));
      return {
        features: features
          ? pooled(maps[maps.length - 1])
          : zeros(this.device, [pixels.shape[0], this.embedDim]),
        taps: taps.map((tap) => rowsOf(maps[Number(tap) - 1])),
      };
    });
  }

  async textFingerprint(): Promise<null> {
    return null;
  }

  async prototypes(): Promise<Tensor> {
    throw withoutText(this.name);
  }

  dispose(): void {
    this.resnet.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

export type LoadOptions = Pick<BackboneOptions, "dtype" | "onProgress">;

/** Loads a ResNet from an opened checkpoint, which the caller closes. */
export async function loadResNet(
  device: Device,
  weights: ResNetWeights,
  options: LoadOptions,
): Promise<ResNetBackbone> {
  const backbone = await build(
    device,
    resnetForm(weights.config, nameOfFile(weights)),
    weights.read,
    options,
  );
  backbone.source = async () => (await openResNet(weights.path))!;
  return backbone;
}

/** A network's name and its file's. */
export const nameOfFile = ({ config, path }: ResNetWeights, name = config.name): string =>
  `${name} (${basename(path)})`;

/**
 * A seeded, untrained ResNet: enough to tell textures apart, and to try everything without a download.
 *
 * @example
 * const backbone = await randomResNet(device, findResNet("resnet18")!, 0);
 */
export async function randomResNet(
  device: Device,
  config: ResNetConfig,
  seed: number,
  options: LoadOptions = {},
): Promise<ResNetBackbone> {
  const read = randomParameters(seed);
  const name = `untrained ${config.name} (seed ${seed})`;
  const backbone = await build(device, resnetForm(config, name), read, options);
  backbone.source = async () => ({ read, close: async () => {} });
  return backbone;
}

/** A kind of network: what makes one without values, and the backbone around it. */
export interface NetworkForm<N extends ResNet, B extends ResNetBackbone> {
  /** What tells apart networks whose tensors are the same. */
  readonly facts: object;
  make(): N;
  wrap(device: Device, network: N, fingerprint: string): B;
}

const resnetForm = (config: ResNetConfig, name: string): NetworkForm<ResNet, ResNetBackbone> => ({
  facts: { blocks: config.blocks, bottleneck: config.bottleneck },
  make: () => new ResNet(config),
  wrap: (device, resnet, fingerprint) => new ResNetBackbone(name, device, resnet, fingerprint),
});

/** Fills a frozen network. */
export async function build<N extends ResNet, B extends ResNetBackbone>(
  device: Device,
  form: NetworkForm<N, B>,
  read: nn.ReadParameter,
  { dtype, onProgress }: LoadOptions,
): Promise<B> {
  const network = form.make().freeze({ dtype });
  const hash = createHash("sha256").update(JSON.stringify(form.facts));
  // Compiled while the weights are read.
  const compiled = compileAhead(device, form, dtype);
  compiled.catch(() => {});
  await nn.fill(device, network.namedParameters(), fingerprinting(hash, read), onProgress);
  await compiled;
  return form.wrap(device, network, hash.digest("hex"));
}

/** Compiles side by side what the network runs, so that the first batch waits for nothing. */
async function compileAhead<N extends ResNet, B extends ResNetBackbone>(
  device: Device,
  { make, wrap }: NetworkForm<N, B>,
  dtype?: "float32" | "float16",
): Promise<void> {
  await measurePace(device);
  await device.prepare(() =>
    scope(() => {
      using backbone = wrap(device, make().freeze({ dtype }).allocate(device), "");
      const { size } = backbone.preprocess;
      const views = backbone.batch({ width: size, height: size }, backbone.defaultTaps);
      backbone.encode(Tensor.empty(device, [views, 3, size, size]), backbone.defaultTaps);
    }),
  );
}
