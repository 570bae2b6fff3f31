// Names of weights in the wild, renamed to those of our modules, which are OpenCLIP's. In tables `*` is the number of a
// block, and a row that names a layer renames its weight and bias.
import type { nn } from "@inctrl/tensor";
import type { ModelConfig } from "../config/types.js";
import { clipParameters } from "./clip.js";

/** How checkpoint names are spelt; "none" holds other parts only. */
export type Layout = "openclip" | "huggingface" | "timm" | "none";

/** Where a tensor of a file belongs. */
export interface Rename {
  /** Its canonical name. */
  readonly to: string;
  /** Its place where several are stacked along the first axis. */
  readonly part?: readonly [index: number, of: number];
  readonly transpose?: boolean;
}

/** "ignored" names belong to the layout but not to the model we run. */
export type Fate = Rename | "ignored" | "unexpected";

type Table = Readonly<Record<string, string | Rename | "ignored">>;

/** The same layers in the blocks of one tower. */
const inBlocks = (from: string, to: string, rows: Table): Table =>
  Object.fromEntries(
    Object.entries(rows).map(([name, row]) => {
      const target = typeof row === "string" ? `${to}.${row}` : { ...row, to: `${to}.${row.to}` };
      return [`${from}.${name}`, target];
    }),
  );

const transposed = (to: string): Rename => ({ to, transpose: true });
/** Of three tensors that are one below the other in ours. */
const third = (to: string, index: number): Rename => ({ to, part: [index, 3] });

/** A layer that we do not run. */
const ignored = (...layers: string[]): Table =>
  Object.fromEntries(
    layers.flatMap((layer) => ["weight", "bias"].map((part) => [`${layer}.${part}`, "ignored"])),
  );

/** Plain image transformers: ViTModel, DeiTModel, Dinov2Model and Dinov2WithRegistersModel. */
const HUGGING_FACE_VIT: Table = {
  "embeddings.cls_token": "visual.class_embedding",
  "embeddings.distillation_token": "visual.distillation_embedding",
  "embeddings.register_tokens": "visual.register_tokens",
  "embeddings.position_embeddings": "visual.positional_embedding",
  "embeddings.patch_embeddings.projection": "visual.conv1",
  "embeddings.mask_token": "ignored",
  ...inBlocks("encoder.layer.*", "visual.transformer.resblocks.*", {
    layernorm_before: "ln_1",
    norm1: "ln_1",
    "attention.attention.query.weight": third("attn.in_proj_weight", 0),
    "attention.attention.key.weight": third("attn.in_proj_weight", 1),
    "attention.attention.value.weight": third("attn.in_proj_weight", 2),
    "attention.attention.query.bias": third("attn.in_proj_bias", 0),
    "attention.attention.key.bias": third("attn.in_proj_bias", 1),
    "attention.attention.value.bias": third("attn.in_proj_bias", 2),
    "attention.output.dense": "attn.out_proj",
    "layer_scale1.lambda1": "ls_1.gamma",
    layernorm_after: "ln_2",
    norm2: "ln_2",
    "intermediate.dense": "mlp.c_fc",
    "output.dense": "mlp.c_proj",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "mlp.weights_in": "mlp.c_fc",
    "mlp.weights_out": "mlp.c_proj",
    "layer_scale2.lambda1": "ls_2.gamma",
  }),
  layernorm: "visual.ln_post",
  ...ignored("pooler.dense", "classifier", "cls_classifier", "distillation_classifier"),
};

const HUGGING_FACE_BLOCK: Table = {
  layer_norm1: "ln_1",
  "self_attn.q_proj.weight": third("attn.in_proj_weight", 0),
  "self_attn.k_proj.weight": third("attn.in_proj_weight", 1),
  "self_attn.v_proj.weight": third("attn.in_proj_weight", 2),
  "self_attn.q_proj.bias": third("attn.in_proj_bias", 0),
  "self_attn.k_proj.bias": third("attn.in_proj_bias", 1),
  "self_attn.v_proj.bias": third("attn.in_proj_bias", 2),
  "self_attn.out_proj": "attn.out_proj",
  layer_norm2: "ln_2",
  "mlp.fc1": "mlp.c_fc",
  "mlp.fc2": "mlp.c_proj",
};

const HUGGING_FACE: Table = {
  "vision_model.embeddings.class_embedding": "visual.class_embedding",
  "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
  "vision_model.embeddings.position_ids": "ignored",
  "vision_model.embeddings.patch_embedding": "visual.conv1",
  "vision_model.pre_layrnorm": "visual.ln_pre",
  ...inBlocks("vision_model.encoder.layers.*", "visual.transformer.resblocks.*", HUGGING_FACE_BLOCK),
  "vision_model.post_layernorm": "visual.ln_post",
  "visual_projection.weight": transposed("visual.proj"),
  "text_model.embeddings.token_embedding": "token_embedding",
  "text_model.embeddings.position_embedding.weight": "positional_embedding",
  "text_model.embeddings.position_ids": "ignored",
  ...inBlocks("text_model.encoder.layers.*", "transformer.resblocks.*", HUGGING_FACE_BLOCK),
  "text_model.final_layer_norm": "ln_final",
  "text_projection.weight": transposed("text_projection"),
  logit_scale: "logit_scale",
  ...HUGGING_FACE_VIT,
};

/** timm's, which are Meta's own of DeiT and DINOv2, too. */
const TIMM: Table = {
  cls_token: "visual.class_embedding",
  dist_token: "visual.distillation_embedding",
  // timm's name, and Meta's.
  reg_token: "visual.register_tokens",
  register_tokens: "visual.register_tokens",
  pos_embed: "visual.positional_embedding",
  mask_token: "ignored",
  "patch_embed.proj": "visual.conv1",
  norm_pre: "visual.ln_pre",
  ...inBlocks("blocks.*", "visual.transformer.resblocks.*", {
    norm1: "ln_1",
    "attn.qkv.weight": "attn.in_proj_weight",
    "attn.qkv.bias": "attn.in_proj_bias",
    "attn.proj": "attn.out_proj",
    "ls1.gamma": "ls_1.gamma",
    gamma_1: "ls_1.gamma",
    norm2: "ln_2",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "mlp.w12": "mlp.c_fc",
    "mlp.w3": "mlp.c_proj",
    "ls2.gamma": "ls_2.gamma",
    gamma_2: "ls_2.gamma",
  }),
  norm: "visual.ln_post",
  // Classifiers over ImageNet's classes.
  ...ignored("head", "head_dist"),
};

/** Our own names need no table; OpenAI's files carry numbers and the causal mask as buffers beside them. */
const OPENCLIP: Table = {
  input_resolution: "ignored",
  context_length: "ignored",
  vocab_size: "ignored",
  attn_mask: "ignored",
  logit_bias: "ignored",
};

const TABLES: Readonly<Record<Layout, Table>> = {
  openclip: OPENCLIP,
  huggingface: HUGGING_FACE,
  timm: TIMM,
  none: {},
};

/** Names that tell the layouts apart by how they begin, the most telling first. */
const SIGNS: readonly (readonly [Layout, ...prefixes: string[]])[] = [
  ["huggingface", "vision_model.", "text_model.", "embeddings.patch_embeddings."],
  ["timm", "patch_embed.proj."],
  ["openclip", "visual.", "transformer.resblocks."],
];

/** The layout of names without wrapper prefix; undefined when none fits. */
export function detectLayout(names: readonly string[]): Layout | undefined {
  return SIGNS.find(([, ...prefixes]) =>
    names.some((name) => prefixes.some((prefix) => name.startsWith(prefix))),
  )?.[0];
}

/** A name without the number of the chunk that DINOv2's training checkpoints have before that of the block. */
const bareName = (name: string): string => name.replace(/^blocks\.\d+\.(?=\d+\.)/, "blocks.");

/** What becomes of a name in `layout`. */
export function rename(layout: Layout, given: string): Fate {
  const name = bareName(given);
  const [, number] = BLOCK_NUMBER.exec(name) ?? [];
  const fate = rowsOf(layout).get(anyBlock(name));
  if (fate === undefined || typeof fate === "string") return fate ?? "unexpected";
  return { ...fate, to: fate.to.replace("*", number ?? "*") };
}

const BLOCK_NUMBER = /\.(\d{1,3})\./;
const anyBlock = (name: string): string => name.replace(BLOCK_NUMBER, ".*.");

/** The smallest model that has every part a model can have. */
const WHOLE: ModelConfig = {
  kind: "clip",
  embedDim: 1,
  activation: "gelu",
  vision: {
    ...{ imageSize: 1, patch: 1, width: 1, layers: 1, heads: 1, mlpWidth: 1, lnEps: 1 },
    ...{ lnPre: true, patchBias: true, proj: true, distilled: true, registers: 1, layerScale: true },
  },
  text: { contextLength: 1, vocabSize: 1, width: 1, layers: 1, heads: 1, mlpWidth: 1, lnEps: 1 },
  preprocess: { size: 1, mean: [0, 0, 0], std: [1, 1, 1], interpolation: "bicubic" },
  outBlocks: [1],
};

let known: ReadonlyMap<string, nn.Parameter> | undefined;

/** Every canonical name, with `*` for the number of a block. */
function canonical(): ReadonlyMap<string, nn.Parameter> {
  known ??= new Map([...clipParameters(WHOLE)].map(([name, parameter]) => [anyBlock(name), parameter]));
  return known;
}

/** Number of axes of an embedding or a scale, which some layouts wrap in leading axes of size one. */
export function rankOf(name: string): number | undefined {
  const parameter = canonical().get(anyBlock(name));
  return parameter?.role === "embedding" || parameter?.role === "scale" ? parameter.shape.length : undefined;
}

const tables = new Map<Layout, ReadonlyMap<string, Fate>>();

/** A layout's table with a row for each tensor. */
function rowsOf(layout: Layout): ReadonlyMap<string, Fate> {
  const made = tables.get(layout);
  if (made) return made;
  const rows = new Map<string, Fate>();
  if (layout === "openclip")
    for (const name of canonical().keys()) {
      rows.set(name, { to: name });
      // OpenCLIP's models with a text tower of its own have it under `text`.
      if (!name.startsWith("visual.")) rows.set(`text.${name}`, { to: name });
    }
  for (const [from, row] of Object.entries(TABLES[layout])) {
    if (row === "ignored" || typeof row !== "string") rows.set(from, row);
    else if (canonical().has(row)) rows.set(from, { to: row });
    else for (const part of ["weight", "bias"]) rows.set(`${from}.${part}`, { to: `${row}.${part}` });
  }
  tables.set(layout, rows);
  return rows;
}
