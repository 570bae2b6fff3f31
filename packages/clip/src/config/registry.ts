import { distance } from "fastest-levenshtein";
import { ClipError } from "../errors.js";
import { parseConfig } from "./parse.js";
import type { ModelConfig } from "./types.js";

// Rows of the registry: [image, patch, vision width, layers, head width, embed, text width, text layers, quick GELU].
type ClipRow = readonly [number, number, number, number, number, number, number, number, boolean];

const CLIP_MODELS: Readonly<Record<string, ClipRow>> = {
  "ViT-B-32": [224, 32, 768, 12, 64, 512, 512, 12, false],
  "ViT-B-32-quickgelu": [224, 32, 768, 12, 64, 512, 512, 12, true],
  "ViT-B-16": [224, 16, 768, 12, 64, 512, 512, 12, false],
  "ViT-B-16-quickgelu": [224, 16, 768, 12, 64, 512, 512, 12, true],
  "ViT-B-16-plus-240": [240, 16, 896, 12, 64, 640, 640, 12, false],
  "ViT-L-14": [224, 14, 1024, 24, 64, 768, 768, 12, false],
  "ViT-L-14-quickgelu": [224, 14, 1024, 24, 64, 768, 768, 12, true],
  "ViT-L-14-336": [336, 14, 1024, 24, 64, 768, 768, 12, false],
  "ViT-L-14-336-quickgelu": [336, 14, 1024, 24, 64, 768, 768, 12, true],
  "ViT-H-14": [224, 14, 1280, 32, 80, 1024, 1024, 24, false],
};

// timm names: [width, heads]; all 12 layers of patch 16 at 224. DeiT was trained with ImageNet's mean and
// deviation, the ViT weights of timm with 0.5.
const VIT_WIDTHS = { tiny: [192, 3], small: [384, 6], base: [768, 12] } as const;

const HALF = [0.5, 0.5, 0.5] as const;

// DINOv2 under timm's names: [width, layers]; heads are 64 wide, patches 14, images 518.
const DINO_SIZES = { small: [384, 12], base: [768, 12], large: [1024, 24], giant: [1536, 40] } as const;

function buildClip(name: string, row: ClipRow): ModelConfig {
  const [image_size, patch_size, width, layers, head_width, embed_dim, textWidth, textLayers, quick_gelu] =
    row;
  const vision_cfg = { image_size, layers, width, head_width, patch_size };
  const heads = textWidth / 64;
  const text_cfg = { context_length: 77, vocab_size: 49408, width: textWidth, heads, layers: textLayers };
  return { ...parseConfig({ embed_dim, quick_gelu, vision_cfg, text_cfg }), name };
}

function buildVit(family: "vit" | "deit", size: keyof typeof VIT_WIDTHS, distilled = false): ModelConfig {
  const name = `${family}_${size}_${distilled ? "distilled_" : ""}patch16_224`;
  const [embed_dim, num_heads] = VIT_WIDTHS[size];
  const normalisation = family === "vit" ? { mean: HALF, std: HALF } : {};
  const json = { architecture: name, img_size: 224, patch_size: 16, embed_dim, depth: 12, num_heads };
  return parseConfig({ ...json, ...normalisation, distilled });
}

function buildDino(size: keyof typeof DINO_SIZES, registers: 0 | 4): ModelConfig {
  const [embed_dim, depth] = DINO_SIZES[size];
  return parseConfig({
    architecture: `vit_${size}_patch14_${registers ? "reg4_" : ""}dinov2`,
    ...{ img_size: 518, patch_size: 14, embed_dim, depth, num_heads: embed_dim / 64 },
    ffn_layer: size === "giant" ? "swiglufused" : "mlp",
    num_register_tokens: registers,
  });
}

let registry: ReadonlyMap<string, ModelConfig> | undefined;

function models(): ReadonlyMap<string, ModelConfig> {
  if (registry !== undefined) return registry;
  const sizes = ["tiny", "small", "base"] as const;
  const configs = [
    ...Object.entries(CLIP_MODELS).map(([name, row]) => buildClip(name, row)),
    ...(["deit", "vit"] as const).flatMap((family) => sizes.map((size) => buildVit(family, size))),
    ...sizes.map((size) => buildVit("deit", size, true)),
    ...([0, 4] as const).flatMap((registers) =>
      (["small", "base", "large", "giant"] as const).map((size) => buildDino(size, registers)),
    ),
  ];
  registry = new Map(configs.map((config) => [config.name!, config]));
  return registry;
}

/** The models known by name, in the registry's order. */
export function listConfigs(): ModelConfig[] {
  return [...models().values()];
}

/**
 * The configuration called `name`; case and the choice of `-`, `_` or `/` do not matter.
 *
 * @throws ClipError `unknown-model` with the nearest names.
 * @example
 * findConfig("ViT-B-16-plus-240").embedDim // 640
 */
export function findConfig(name: string): ModelConfig {
  const exact = models().get(name);
  if (exact !== undefined) return exact;
  const wanted = plain(name);
  for (const [known, config] of models()) if (plain(known) === wanted) return config;
  const edits = (known: string) => distance(wanted, plain(known));
  const nearest = [...models().keys()].sort((a, b) => edits(a) - edits(b)).slice(0, 3);
  const shown = name.length > 60 ? `${name.slice(0, 60)}...` : name;
  throw new ClipError(
    "unknown-model",
    `model ${JSON.stringify(shown)} is not known; did you mean ${nearest.join(", ")}?`,
  );
}

function plain(name: string): string {
  return name
    .slice(0, 100)
    .toLowerCase()
    .replaceAll(/[-_/\s]/g, "");
}
