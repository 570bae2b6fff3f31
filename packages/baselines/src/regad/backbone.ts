import { type PreprocessConfig, randomParameters } from "@inctrl/clip";
import { DetectError, type Tap, type TapLayout, type ViewSize } from "@inctrl/detect";
import { type Device, type nn, scope, type Tensor } from "@inctrl/tensor";
import { build, type LoadOptions, type NetworkForm, nameOfFile, ResNetBackbone } from "../resnet/backbone.js";
import { pooled, rowsOf } from "../resnet/model.js";
import type { ResNetWeights } from "../resnet/weights.js";
import { RegistrationNetwork, registered, TRUNK } from "./network.js";
import type { Registration } from "./shape.js";
import { identityOf } from "./theta.js";

/** How images become the network's pixels: values from 0 to 1, squares of a size. */
export const registrationPixels = (side: number): PreprocessConfig => ({
  ...{ size: side, mean: [0, 0, 0], std: [1, 1, 1], interpolation: "lanczos", rgbFirst: true },
});

/** RegAD's network as a backbone: its taps are registered features. Images are squares of the size that it was trained with. */
export class RegistrationBackbone extends ResNetBackbone {
  override readonly resnet: RegistrationNetwork;

  constructor(name: string, device: Device, network: RegistrationNetwork, fingerprint: string) {
    super(name, device, network, fingerprint);
    this.resnet = network;
  }

  override get preprocess(): PreprocessConfig {
    return registrationPixels(this.resnet.side);
  }

  override layout(tap: Tap, size: ViewSize): TapLayout {
    const { side } = this.resnet;
    if (size.width !== side || size.height !== side)
      throw new DetectError(
        "views",
        `${this.name} takes images of ${side} x ${side} pixels, and these have ${size.width} x ${size.height}; crop or squash them`,
      );
    return super.layout(tap, size);
  }

  override encode(pixels: Tensor, taps: readonly Tap[]): { features: Tensor; taps: Tensor[] } {
    return scope(() => {
      const stages = this.resnet.stages(pixels);
      const maps = registered(stages);
      return {
        features: pooled(stages[stages.length - 1].warped),
        taps: taps.map((tap) => rowsOf(maps[Number(tap) - 1])),
      };
    });
  }
}

const form = (
  registration: Registration,
  name: string,
): NetworkForm<RegistrationNetwork, RegistrationBackbone> => {
  const { mode, side, blocks = TRUNK.blocks } = registration;
  return {
    facts: { blocks, bottleneck: TRUNK.bottleneck, mode, side },
    make: () => new RegistrationNetwork(registration),
    wrap: (device, network, fingerprint) => new RegistrationBackbone(name, device, network, fingerprint),
  };
};

/** Loads RegAD's network from an opened checkpoint, which the caller closes. */
export const loadRegistration = (
  device: Device,
  weights: ResNetWeights,
  registration: Registration,
  options: LoadOptions,
): Promise<RegistrationBackbone> =>
  build(device, form(registration, nameOfFile(weights, "RegAD")), weights.read, options);

/**
 * RegAD's network before training: a seeded ResNet-18, and transformers at the identity.
 *
 * @example
 * const backbone = await randomRegistration(device, { mode: "rotation_scale", side: 224 }, 0);
 */
export const randomRegistration = (
  device: Device,
  registration: Registration,
  seed: number,
): Promise<RegistrationBackbone> =>
  build(
    device,
    form(registration, `untrained RegAD (seed ${seed})`),
    untrained(registration, randomParameters(seed)),
    {},
  );

/** A network in training as a backbone, with the values that it has now. */
export function registrationNow(device: Device, network: RegistrationNetwork): Promise<RegistrationBackbone> {
  const values = network.stateDict();
  const read: nn.ReadParameter = async (name) => Float32Array.from(await values.get(name)!.data());
  const { mode, side, config } = network;
  return build(device, form({ mode, side, blocks: config.blocks }, "RegAD in training"), read, {});
}

/** Values of a network whose transformers are at the identity. */
export const untrained =
  ({ mode }: Registration, read: nn.ReadParameter): nn.ReadParameter =>
  (name, parameter, into) => {
    if (name.endsWith("fc.2.weight")) return new Float32Array(parameter.size);
    return name.endsWith("fc.2.bias") ? Float32Array.from(identityOf(mode)) : read(name, parameter, into);
  };
