// Names of weights in the wild, each rewritten to OpenCLIP's. A rule table per layout, tried from the top.

/** How checkpoint names are spelt. "heads" files hold InCTRL's trained parts only. */
export type Layout = "openclip" | "huggingface" | "timm" | "heads";

/** What becomes of one name in a file. */
export type Rename =
  /** Is the canonical tensor `to`; `part` is its place where several are stacked along the first axis. */
  | {
      readonly to: string;
      readonly part?: readonly [index: number, of: number];
      readonly transpose?: boolean;
    }
  /** Belongs to the layout but not to the model we run. */
  | "ignored"
  | "unexpected";

type Rule = readonly [pattern: RegExp, rename: (match: RegExpExecArray) => Rename];

const HEAD_NAME = /^(?:adapter\.fc|diff_head|diff_head_ref)\./;
const BLOCK = String.raw`(?:visual\.)?transformer\.resblocks\.\d{1,3}`;

const OPENCLIP_NAMES = [
  /^visual\.(?:class_embedding|positional_embedding|proj|conv1\.(?:weight|bias)|ln_(?:pre|post)\.(?:weight|bias))$/,
  /^(?:positional_embedding|text_projection|logit_scale|token_embedding\.weight|ln_final\.(?:weight|bias))$/,
  new RegExp(String.raw`^${BLOCK}\.(?:ln_[12]|attn\.out_proj|mlp\.c_fc|mlp\.c_proj)\.(?:weight|bias)$`),
  new RegExp(String.raw`^${BLOCK}\.attn\.in_proj_(?:weight|bias)$`),
  HEAD_NAME,
];

const keep = ({ input }: RegExpExecArray): Rename => ({ to: input });
const ignore = (): Rename => "ignored";

/** Canonical names for the linear maps and norms inside a block. */
const HF_BLOCK: Readonly<Record<string, string>> = {
  layer_norm1: "ln_1",
  layer_norm2: "ln_2",
  "self_attn.out_proj": "attn.out_proj",
  "mlp.fc1": "mlp.c_fc",
  "mlp.fc2": "mlp.c_proj",
};
const TIMM_BLOCK: Readonly<Record<string, string>> = {
  norm1: "ln_1",
  norm2: "ln_2",
  "attn.proj": "attn.out_proj",
  "mlp.fc1": "mlp.c_fc",
  "mlp.fc2": "mlp.c_proj",
};
const HF_TOWER: Readonly<Record<string, string>> = { vision: "visual.", text: "" };

const one =
  (to: string, transpose = false) =>
  (): Rename => ({ to, ...(transpose && { transpose }) });
const fixed = (pattern: string, to: string, transpose = false): Rule => [
  new RegExp(`^${pattern}$`),
  one(to, transpose),
];

const RULES: Readonly<Record<Layout, readonly Rule[]>> = {
  openclip: [
    ...OPENCLIP_NAMES.map((pattern): Rule => [pattern, keep]),
    // Numbers and the causal mask that OpenAI's files carry as buffers.
    [/^(?:input_resolution|context_length|vocab_size|attn_mask|logit_bias)$/, ignore],
  ],
  heads: [[HEAD_NAME, keep]],
  huggingface: [
    fixed("vision_model.embeddings.class_embedding", "visual.class_embedding"),
    fixed("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"),
    fixed("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
    fixed("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
    fixed("text_model.embeddings.position_embedding.weight", "positional_embedding"),
    fixed("visual_projection.weight", "visual.proj", true),
    fixed("text_projection.weight", "text_projection", true),
    fixed("logit_scale", "logit_scale"),
    [/^vision_model\.pre_layrnorm\.(weight|bias)$/, ([, kind]) => ({ to: `visual.ln_pre.${kind}` })],
    [/^vision_model\.post_layernorm\.(weight|bias)$/, ([, kind]) => ({ to: `visual.ln_post.${kind}` })],
    [/^text_model\.final_layer_norm\.(weight|bias)$/, ([, kind]) => ({ to: `ln_final.${kind}` })],
    [
      /^(vision|text)_model\.encoder\.layers\.(\d{1,3})\.self_attn\.([qkv])_proj\.(weight|bias)$/,
      ([, tower, layer, which, kind]) => ({
        to: `${HF_TOWER[tower!]}transformer.resblocks.${layer}.attn.in_proj_${kind}`,
        part: ["qkv".indexOf(which!), 3],
      }),
    ],
    [
      /^(vision|text)_model\.encoder\.layers\.(\d{1,3})\.(layer_norm[12]|self_attn\.out_proj|mlp\.fc[12])\.(weight|bias)$/,
      ([, tower, layer, part, kind]) => ({
        to: `${HF_TOWER[tower!]}transformer.resblocks.${layer}.${HF_BLOCK[part!]}.${kind}`,
      }),
    ],
    [/\.position_ids$/, ignore],
  ],
  timm: [
    fixed("cls_token", "visual.class_embedding"),
    fixed("pos_embed", "visual.positional_embedding"),
    [/^patch_embed\.proj\.(weight|bias)$/, ([, kind]) => ({ to: `visual.conv1.${kind}` })],
    [/^norm_pre\.(weight|bias)$/, ([, kind]) => ({ to: `visual.ln_pre.${kind}` })],
    [/^norm\.(weight|bias)$/, ([, kind]) => ({ to: `visual.ln_post.${kind}` })],
    [
      /^blocks\.(\d{1,3})\.attn\.qkv\.(weight|bias)$/,
      ([, layer, kind]) => ({ to: `visual.transformer.resblocks.${layer}.attn.in_proj_${kind}` }),
    ],
    [
      /^blocks\.(\d{1,3})\.(norm[12]|attn\.proj|mlp\.fc[12])\.(weight|bias)$/,
      ([, layer, part, kind]) => ({
        to: `visual.transformer.resblocks.${layer}.${TIMM_BLOCK[part!]}.${kind}`,
      }),
    ],
    // The classifier over ImageNet's classes.
    [/^head\.(?:weight|bias)$/, ignore],
  ],
};

/** Names whose presence tells the layouts apart, the most telling first. */
const SIGNS: readonly (readonly [Layout, RegExp])[] = [
  ["huggingface", /^(?:vision|text)_model\./],
  ["timm", /^patch_embed\.proj\./],
  ["openclip", /^(?:visual\.|transformer\.resblocks\.)/],
  ["heads", HEAD_NAME],
];

/** Prefixes that wrappers put before every name: data parallel, torch.compile, Lightning-style trainers. */
const PREFIXES = ["module.", "_orig_mod.", "model."];

/** The prefix that all of `names` share, to be cut off: "" or for example "module.". */
export function wrapperPrefix(names: readonly string[]): string {
  let prefix = "";
  for (;;) {
    const next = PREFIXES.find((p) => names.length > 0 && names.every((name) => name.startsWith(prefix + p)));
    if (next === undefined) return prefix;
    prefix += next;
  }
}

/** The layout of names without wrapper prefix; undefined when none fits. */
export function detectLayout(names: readonly string[]): Layout | undefined {
  return SIGNS.find(([, sign]) => names.some((name) => sign.test(name)))?.[0];
}

/** What becomes of `name` in `layout`. */
export function rename(layout: Layout, name: string): Rename {
  for (const [pattern, apply] of RULES[layout]) {
    const match = pattern.exec(name);
    if (match !== null) return apply(match);
  }
  return "unexpected";
}

/** Whether a canonical name belongs to InCTRL's trained heads. */
export function isHeadName(name: string): boolean {
  return HEAD_NAME.test(name);
}

/** Whether a canonical name belongs to the vision tower. */
export function isVisionName(name: string): boolean {
  return name.startsWith("visual.");
}
