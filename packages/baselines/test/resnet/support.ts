import { randomParameters } from "@inctrl/clip";
import { type StoredTensor, writeSafetensors } from "@inctrl/tensor/files";
import type { ResNetConfig } from "../../src/resnet/config.js";
import { ResNet } from "../../src/resnet/model.js";

/** Two layers of a block each: the smallest network with a shortcut. */
export const SMALL: ResNetConfig = { name: "small", blocks: [1, 1], bottleneck: null };

/** The state of a seeded network by its names, with what `change` makes of it. */
export async function stateOf(
  config: ResNetConfig,
  change: (state: Map<string, StoredTensor>) => void = () => {},
): Promise<Map<string, StoredTensor>> {
  const read = randomParameters(1);
  const state = new Map<string, StoredTensor>();
  for (const [name, parameter] of new ResNet(config).namedParameters())
    state.set(name, { dtype: "F32", shape: parameter.shape, data: await read(name, parameter) });
  change(state);
  return state;
}

/** Writes that state. */
export async function writeState(path: string, ...of: Parameters<typeof stateOf>): Promise<string> {
  await writeSafetensors(path, await stateOf(...of));
  return path;
}
