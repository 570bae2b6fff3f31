import { gridSize, type ModelConfig } from "./types.js";

/**
 * Every tensor a model of `config` needs: canonical (OpenCLIP) name to shape.
 *
 * @example
 * canonicalShapes(findConfig("ViT-B-16")).get("visual.proj") // [768, 512]
 */
export function canonicalShapes(config: ModelConfig): Map<string, readonly number[]> {
  const { vision, text, embedDim } = config;
  const shapes = new Map<string, readonly number[]>();
  const { width, patch } = vision;
  shapes.set("visual.class_embedding", [width]);
  shapes.set("visual.positional_embedding", [1 + gridSize(vision) ** 2, width]);
  shapes.set("visual.conv1.weight", [width, 3, patch, patch]);
  if (vision.patchBias) shapes.set("visual.conv1.bias", [width]);
  if (vision.lnPre) addNorm(shapes, "visual.ln_pre", width);
  addBlocks(shapes, "visual.transformer.resblocks", vision);
  addNorm(shapes, "visual.ln_post", width);
  if (vision.proj) shapes.set("visual.proj", [width, embedDim]);
  if (text === undefined) return shapes;

  shapes.set("token_embedding.weight", [text.vocabSize, text.width]);
  shapes.set("positional_embedding", [text.contextLength, text.width]);
  addBlocks(shapes, "transformer.resblocks", text);
  addNorm(shapes, "ln_final", text.width);
  shapes.set("text_projection", [text.width, embedDim]);
  shapes.set("logit_scale", []);
  return shapes;
}

function addBlocks(
  shapes: Map<string, readonly number[]>,
  prefix: string,
  tower: { readonly layers: number; readonly width: number; readonly mlpWidth: number },
): void {
  const { width, mlpWidth } = tower;
  for (let i = 0; i < tower.layers; i++) {
    const block = `${prefix}.${i}`;
    addNorm(shapes, `${block}.ln_1`, width);
    shapes.set(`${block}.attn.in_proj_weight`, [3 * width, width]);
    shapes.set(`${block}.attn.in_proj_bias`, [3 * width]);
    shapes.set(`${block}.attn.out_proj.weight`, [width, width]);
    shapes.set(`${block}.attn.out_proj.bias`, [width]);
    addNorm(shapes, `${block}.ln_2`, width);
    shapes.set(`${block}.mlp.c_fc.weight`, [mlpWidth, width]);
    shapes.set(`${block}.mlp.c_fc.bias`, [mlpWidth]);
    shapes.set(`${block}.mlp.c_proj.weight`, [width, mlpWidth]);
    shapes.set(`${block}.mlp.c_proj.bias`, [width]);
  }
}

function addNorm(shapes: Map<string, readonly number[]>, name: string, width: number): void {
  shapes.set(`${name}.weight`, [width]);
  shapes.set(`${name}.bias`, [width]);
}

/**
 * Number of values in a model of `config`.
 *
 * @example
 * parameterCount(findConfig("ViT-B-16-plus-240")) // 208377345
 */
export function parameterCount(config: ModelConfig): number {
  let count = 0;
  for (const shape of canonicalShapes(config).values()) count += shape.reduce((n, size) => n * size, 1);
  return count;
}
