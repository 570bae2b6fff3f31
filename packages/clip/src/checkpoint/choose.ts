import { readTextIfThere } from "@inctrl/tensor/files";
import { parseConfig } from "../config/parse.js";
import { findConfig } from "../config/registry.js";
import { parseModelFile, parseProcessor, type Said } from "../config/said.js";
import { gridSize, type ModelConfig } from "../config/types.js";
import { ClipError } from "../errors.js";
import { countLayers, inferConfig } from "./infer.js";
import { basename, dirname, join } from "./paths.js";
import type { Weights } from "./weights.js";

/** A checkpoint's configuration, and what was guessed of it, a line each. */
export interface ChosenConfig {
  readonly config: ModelConfig;
  readonly notes: readonly string[];
}

/** Longest configuration read, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * The configuration of a checkpoint: one that is named, or what the files beside the weights say (`open_clip_config.json`,
 * `config.json`, `preprocessor_config.json`) together with the tensors.
 *
 * @param wanted a configuration's name or JSON file.
 * @throws ClipError `config` where a file cannot be read, or contradicts the tensors.
 * @example
 * const { config, notes } = await chooseConfig(await openWeights("clip-vit-base-patch16/model.safetensors"));
 */
export async function chooseConfig(weights: Weights, wanted?: string): Promise<ChosenConfig> {
  if (wanted === undefined) return configBeside(weights);
  if (!wanted.endsWith(".json")) return { config: findConfig(wanted), notes: [] };
  const text = await readTextIfThere(wanted, MAX_BYTES);
  if (text === undefined)
    throw new ClipError("config", `${wanted}: cannot be read; give a configuration's name or JSON file`);
  const said = parseModelFile(text, wanted) ?? { whole: parseConfig(text) };
  return said.whole ? { config: said.whole, notes: [] } : completed(weights, said, wanted);
}

async function configBeside(weights: Weights): Promise<ChosenConfig> {
  const at = (name: string) => join(dirname(weights.path), name);
  // A folder may hold the same model as OpenCLIP and as Hugging Face save it.
  const names = ["config.json", "open_clip_config.json"];
  if (weights.layout === "openclip") names.reverse();
  const notes: string[] = [];
  let said: Said = {};
  let source: string | undefined;
  for (const path of names.map(at)) {
    const text = source === undefined ? await readTextIfThere(path, MAX_BYTES) : undefined;
    const found = text === undefined ? undefined : parseModelFile(text, path);
    if (found) [said, source] = [found, path];
    else if (text !== undefined) notes.push(`${path}: describes no model, and is passed over`);
  }
  const processor = at("preprocessor_config.json");
  const text = await readTextIfThere(processor, MAX_BYTES);
  if (text !== undefined) {
    const { preprocess, otherwise } = parseProcessor(text, processor);
    said = { ...said, preprocess: { ...said.preprocess, ...preprocess }, otherwise };
  }
  const chosen = completed(weights, said, source);
  return { config: chosen.config, notes: [...notes, ...chosen.notes] };
}

/** What is said of a model, completed by its tensors. `source`: the file that says it; guesses are made without one. */
function completed(weights: Weights, said: Said, source: string | undefined): ChosenConfig {
  const { whole, activation, heads, preprocess = {}, otherwise = [] } = said;
  const base = whole ? towersIn(weights, whole) : inferConfig(weights);
  if (whole) requireAgreement(weights, base, source!);
  const { size = base.preprocess.size, resize, ...pixels } = preprocess;
  const cropped = size === base.preprocess.size && resize !== undefined;
  const config: ModelConfig = {
    ...base,
    ...(activation && { activation }),
    ...(heads && { vision: { ...base.vision, heads } }),
    preprocess: { ...base.preprocess, ...pixels, ...(cropped && { resize }) },
  };
  const notes: string[] = [];
  if (source === undefined) notes.push(guesses(weights, config, pixels.mean !== undefined));
  const path = basename(weights.path);
  notes.push(...otherwise.map((word) => `${path}: ${word}`));
  if (cropped)
    notes.push(
      `${path}: images are resized to ${resize} pixels and their middle ${size} taken, as it was trained`,
    );
  if (size !== base.preprocess.size)
    notes.push(
      `${path}: its images had ${size} pixels; its positions are for ${base.preprocess.size}, which are used`,
    );
  return { config, notes };
}

/** A configuration without the parts that the file does not hold: its text tower, or the projection. */
function towersIn(weights: Weights, config: ModelConfig): ModelConfig {
  const { text, ...image } = config;
  const { vision } = image;
  const bare = vision.proj && !weights.has("visual.proj");
  return {
    ...image,
    ...(bare && { embedDim: vision.width, vision: { ...vision, proj: false } }),
    ...(text && weights.has("token_embedding.weight") && { text }),
  };
}

/** @throws ClipError `config`, naming each size that the tensors have otherwise. */
function requireAgreement(weights: Weights, { vision, text, embedDim }: ModelConfig, source: string): void {
  const held = (name: string, axis: number) => (weights.has(name) ? weights.shape(name)[axis] : undefined);
  const block = "transformer.resblocks.";
  const patches = gridSize(vision) ** 2;
  const rows = held("visual.positional_embedding", 0);
  // Class tokens may stand in the table or not.
  const positions = rows !== undefined && rows - patches >= 0 && rows - patches <= 2 ? patches : rows;
  const sizes: readonly (readonly [string, number, number | undefined])[] = [
    ["vision width", vision.width, held("visual.conv1.weight", 0)],
    ["patch size", vision.patch, held("visual.conv1.weight", 2)],
    ["patches", patches, positions],
    ["vision layers", vision.layers, countLayers(weights, `visual.${block}`)],
    ["vision MLP width", vision.mlpWidth, held(`visual.${block}0.mlp.c_proj.weight`, 1)],
    ...(vision.proj ? [["embedding size", embedDim, held("visual.proj", 1)] as const] : []),
    ...(text
      ? ([
          ["text width", text.width, held("token_embedding.weight", 1)],
          ["vocabulary size", text.vocabSize, held("token_embedding.weight", 0)],
          ["context length", text.contextLength, held("positional_embedding", 0)],
          ["text layers", text.layers, countLayers(weights, block)],
        ] as const)
      : []),
  ];
  const faults = sizes.filter(([, said, got]) => got !== undefined && got !== said);
  if (faults.length === 0) return;
  const listed = faults.map(([what, said, got]) => `${what} ${said} where the tensors have ${got}`);
  throw new ClipError(
    "config",
    `${source}: contradicts ${basename(weights.path)} beside it: ${listed.join(", ")}; name the model these weights were trained as, or move the file away`,
  );
}

/** Says what neither the tensors nor a file tell. */
function guesses(weights: Weights, config: ModelConfig, normalised: boolean): string {
  const { activation, vision, preprocess, name } = config;
  const mean = normalised ? "" : `, mean ${preprocess.mean.map((value) => value.toFixed(3)).join(" ")}`;
  const like = name ? `, as ${name} has` : "";
  return (
    `${weights.path}: no configuration beside it; guessed: activation ${activation === "gelu" ? "GELU" : "QuickGELU"}, heads ${vision.heads}, ` +
    `layer norm eps ${vision.lnEps}${mean}${like}`
  );
}
