import { basename } from "node:path";
import { openWeights, resolveModel } from "@inctrl/clip";
import type { Device } from "@inctrl/tensor";
import { TextSource } from "../text/text-source.js";
import { type LoadBackboneOptions, loadBackbone } from "./load-backbone.js";
import type { VitBackbone } from "./vit-backbone.js";

/** How a backbone is opened; `onNote` is told of kept prototypes that are made again, too. */
export interface BackboneOptions extends Omit<LoadBackboneOptions, "text" | "name"> {
  /** The BPE vocabulary of a model with text; default the downloaded one. */
  vocabulary?: string;
  /** Folder in which text prototypes are kept from run to run. Without it they are not. */
  textCache?: string;
  /** Accepts names of other parts in the same file, such as a method's heads; they are passed over. Default none. */
  extra?: (name: string) => boolean;
  /** Told of a class name that is too long, so that its prompts are cut. Default: it is refused. */
  onLongName?: (message: string) => void;
}

/**
 * Opens a backbone from a checkpoint file, or by the name of a downloaded one, and loads its image tower.
 *
 * @param source a path, or a name that `inctrl models` lists.
 * @throws ClipError, HubError or TensorFileError, each saying how to mend it.
 * @example
 * const backbone = await openBackbone(device, "model.safetensors");
 */
export async function openBackbone(
  device: Device,
  source: string,
  options: BackboneOptions = {},
): Promise<VitBackbone> {
  const resolved = await resolveModel(source);
  await using weights = await openWeights(resolved.weights, options);
  const { dtype, textCache: cache, onNote, onLongName, vocabulary = resolved.vocabulary } = options;
  const files = { path: resolved.weights, vocabulary, cache };
  return await loadBackbone(device, weights, {
    ...options,
    name: basename(source),
    config: options.config ?? resolved.config,
    text: (config) => new TextSource({ device, config, dtype, ...files, onNote, onLongName }),
  });
}
