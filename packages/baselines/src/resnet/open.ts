import { resolveModel } from "@inctrl/clip";
import { type Backbone, type BackboneOptions, openBackbone, randomBackbone } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { loadRegistration } from "../regad/backbone.js";
import { loadResNet, randomResNet } from "./backbone.js";
import { untrained } from "./untrained.js";
import { openResNet } from "./weights.js";

/**
 * Whether there is such a backbone, before anything is opened.
 *
 * @throws HubError or ClipError as `openNetwork`.
 */
export async function requireNetwork(source: string): Promise<void> {
  if (untrained(source) === null) await resolveModel(source);
}

/**
 * Opens a backbone of any kind: a ResNet, RegAD's network (`options.config` names what its transformers do), or an image transformer as `openBackbone` does. A name `untrained:NAME?seed=N` makes one
 * from a seed, which its name says.
 *
 * @param source a path, a name that `inctrl models` lists, or `untrained:` and the name of a configuration.
 * @throws ClipError, HubError, BaselineError or TensorFileError, each saying how to mend it.
 * @example
 * const backbone = await openNetwork(device, "wide_resnet50_2-95faca4d.pth");
 * const untrained = await openNetwork(device, "untrained:resnet18?seed=3");
 */
export async function openNetwork(
  device: Device,
  source: string,
  options: BackboneOptions = {},
): Promise<Backbone> {
  const made = untrained(source);
  if (made) {
    const { config, seed } = made;
    return "blocks" in config
      ? randomResNet(device, config, seed, options)
      : randomBackbone(device, config, seed);
  }
  const weights = await openResNet((await resolveModel(source)).weights, options.config);
  if (weights === null) return openBackbone(device, source, options);
  try {
    const { registration } = weights;
    if (registration) return await loadRegistration(device, weights, registration, options);
    return await loadResNet(device, weights, options);
  } finally {
    await weights.close();
  }
}
