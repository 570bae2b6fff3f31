/** Networks that are no image transformer of ours, by a name in their files. The most telling come first. */
export const FAMILIES: readonly (readonly [RegExp, string])[] = [
  [/(?:^|\.)lora_[AB]\b/, "a LoRA adapter, which holds changes to a model and not the model"],
  [
    /(?:^|\.)vision_model\.head\.(?:attention|probe)|^visual\.trunk\.attn_pool\.|^attn_pool\.latent$/,
    "a SigLIP model",
  ],
  [/^visual\.trunk\./, "an OpenCLIP model whose image tower is another network of timm's"],
  [
    /(?:^|\.)rope_embed\.periods$|^storage_tokens$|^(?:model\.)?layer\.\d+\.(?:attention\.[qo]_proj|layer_scale1)\./,
    "a DINOv3 model",
  ],
  [
    /^(?:visual\.)?blocks\.\d+\.(?:attn\.(?:q_bias|inner_attn_ln|q_proj)|mlp\.(?:w1|fc1_g)\.)/,
    "an EVA model",
  ],
  [
    /relative_position_bias_table|(?:^|\.)layers\.\d+\.blocks\.\d+\.att(?:n|ention)\./,
    "a Swin or BEiT transformer",
  ],
  [/^blocks\.\d+\.gamma_1$/, "a transformer of another kind, such as timm's DINOv3, BEiT or CaiT"],
  [/^(?:encoder\.)?layers\.encoder_layer_\d+\./, "a transformer in torchvision's form"],
  [/^visual\.(?:layer1\.0\.|attnpool\.)/, "a CLIP model with a ResNet as its image tower"],
  [/^(?:backbone\.|encoder\.)?layer[1-4]\.\d+\.(?:conv1|bn1)\./, "a ResNet"],
  [
    /^(?:resnet|regnet|convnext|efficientnet|mobilenet)\w*\.|^stages\.\d+\.(?:blocks\.|layers\.)?\d+\.(?:conv_dw|dwconv|depthwise_conv)|^features\.(?:\d|conv0|dense)|^(?:conv_stem|Conv2d_1a_3x3)\./,
    "a convolutional network",
  ],
  [/^model\.diffusion_model\.|^(?:down_blocks|up_blocks|mid_block)\./, "a diffusion model"],
  [/^image_encoder\.blocks\.\d+\.attn\.rel_pos_/, "a Segment Anything model"],
  [/^visual_encoder\.blocks\./, "a BLIP model"],
  [
    /^(?:bert|roberta|transformer\.h|model\.layers)\.|^encoder\.layer\.\d+\.attention\.self\./,
    "a language model",
  ],
];

/** What a file of these names is, where it is known and not read. */
export function otherFamily(names: readonly string[]): string | undefined {
  return FAMILIES.find(([sign]) => names.some((name) => sign.test(name)))?.[1];
}
