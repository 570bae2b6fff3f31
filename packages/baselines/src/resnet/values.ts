import {
  chooseConfig,
  type ModelConfig,
  openWeights,
  parameterReader,
  randomParameters,
  resolveModel,
} from "@inctrl/clip";
import type { nn } from "@inctrl/tensor";
import type { ResNetConfig } from "./config.js";
import { untrained } from "./untrained.js";
import { openResNet } from "./weights.js";

/** What a network is, and its values, with no device: what a file of another format is written from. */
export interface NetworkValues {
  readonly form:
    | { readonly vit: ModelConfig }
    | { readonly resnet: ResNetConfig }
    | { readonly other: string };
  readonly read: nn.ReadParameter;
  close(): Promise<void>;
}

/**
 * Opens the values of the network that `openNetwork` opens by the same name.
 *
 * @param options as those of `openNetwork`.
 * @throws as `openNetwork`.
 * @example
 * const { form, read, close } = await openValues("nano");
 */
export async function openValues(
  source: string,
  { config: wanted, extra }: { readonly config?: string; readonly extra?: (name: string) => boolean } = {},
): Promise<NetworkValues> {
  const made = untrained(source);
  if (made) {
    const { config, seed } = made;
    const form = "blocks" in config ? { resnet: config } : { vit: config };
    return { form, read: randomParameters(seed), close: async () => {} };
  }
  const { weights: path, config: named } = await resolveModel(source);
  const resnet = await openResNet(path, wanted);
  if (resnet) {
    const { config, registration, read } = resnet;
    const form = registration ? { other: "RegAD's network" } : { resnet: config };
    return { form, read, close: () => resnet.close() };
  }
  const weights = await openWeights(path, { extra });
  try {
    const { config } = await chooseConfig(weights, wanted ?? named);
    return { form: { vit: config }, read: parameterReader(weights, config), close: () => weights.close() };
  } catch (error) {
    await weights.close();
    throw error;
  }
}
