import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import path from "node:path";
import { cacheDir } from "./cache.js";
import { HUB_MODELS, type HubModel, VOCABULARY_DOWNLOAD } from "./catalog.js";
import { HubError } from "./errors.js";
import { cachedPath, hubNames } from "./pull.js";
import { SHIPPED_MODEL, shippedModel } from "./shipped.js";

/** Paths of a model's files. */
export interface ResolvedModel {
  readonly weights: string;
  /** Name or JSON file of the configuration, for models known by name; `inferConfig` deduces that of other files. */
  readonly config?: string;
  /** The BPE vocabulary, where it has been downloaded. */
  readonly vocabulary?: string;
}

const LOOKS_LIKE_A_PATH = /[/\\]|\.(safetensors|pt|pth|bin|pyth|ckpt|json|tar)$/i;

/** Names of the weights in a model's folder, those that are read fastest first. */
const WEIGHTS = [
  ...["model.safetensors", "model.safetensors.index.json"],
  ...["open_clip_model.safetensors", "open_clip_pytorch_model.bin"],
  ...["pytorch_model.bin", "pytorch_model.bin.index.json"],
];

/**
 * The weights file that a path means: itself, or the one in a folder as Hugging Face, OpenCLIP and timm save it.
 *
 * @throws HubError `not-found` for a folder without one.
 */
export async function weightsFile(file: string): Promise<string> {
  const info = await stat(file).catch(() => null);
  if (!info?.isDirectory()) return file;
  const found = WEIGHTS.map((name) => path.join(file, name)).find((each) => existsSync(each));
  if (found !== undefined) return found;
  throw new HubError("not-found", `${file}: a folder without ${WEIGHTS.join(", ")}; name its weights file`);
}

/**
 * Finds a model by path, by the name of the shipped one, by its name in the catalogue, or by the name of its configuration (then
 * the first one that has been downloaded). Nothing is downloaded.
 *
 * @throws HubError `not-pulled`, `not-found` or `unknown-model`.
 * @example
 * const { weights } = await resolveModel("vit-b-16-plus-240-laion400m-e32");
 */
export async function resolveModel(nameOrPath: string, folder: string = cacheDir()): Promise<ResolvedModel> {
  const merges = cachedPath(VOCABULARY_DOWNLOAD.files[0], folder);
  const vocabulary = existsSync(merges) ? { vocabulary: merges } : {};
  if (existsSync(nameOrPath)) return { weights: await weightsFile(nameOrPath), ...vocabulary };
  if (LOOKS_LIKE_A_PATH.test(nameOrPath))
    throw new HubError("not-found", `${nameOrPath}: no such file; check the path`);

  const shipped = await shippedModel(nameOrPath);
  if (shipped) return shipped;

  const candidates = HUB_MODELS.filter((model) => answersTo(model, nameOrPath));
  for (const { files, config } of candidates) {
    const weights = cachedPath(files[0], folder);
    if (existsSync(weights)) return { weights, ...(config && { config }), ...vocabulary };
  }
  const [first] = candidates;
  if (!first)
    throw new HubError(
      "unknown-model",
      `"${nameOrPath}" is neither a file nor one of ${[SHIPPED_MODEL, ...hubNames()].join(", ")}`,
    );
  throw new HubError(
    "not-pulled",
    `${nameOrPath} is not on this disk yet: run "inctrl models pull ${first.name}"`,
  );
}

const plain = (name: string): string => name.toLowerCase().replaceAll("_", "-");

const answersTo = ({ name, config, network }: HubModel, wanted: string): boolean =>
  [name, config, network].some((known) => known !== undefined && plain(known) === plain(wanted));
