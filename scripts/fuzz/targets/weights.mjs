// Files of tensors, and what stands beside them: all that `--backbone` and `--heads` may name.
import { parseConfig } from "@inctrl/clip";
import { memorySource, openSafetensors, parseNpy, parseSafetensors } from "@inctrl/tensor/files";
import { RegistrationNetwork } from "../../../packages/baselines/src/regad/network.ts";
import { ResNet } from "../../../packages/baselines/src/resnet/model.ts";
import { resNetIn } from "../../../packages/baselines/src/resnet/weights.ts";
import { openArchive } from "../../../packages/clip/src/checkpoint/archive.ts";
import { inferConfig } from "../../../packages/clip/src/checkpoint/infer.ts";
import { checkpointIn } from "../../../packages/clip/src/checkpoint/open.ts";
import { unpickle } from "../../../packages/clip/src/checkpoint/pickle.ts";
import { indexIn } from "../../../packages/clip/src/checkpoint/shards.ts";
import { torchFile } from "../../../packages/clip/src/checkpoint/torch-file.ts";
import { readStream, readTar } from "../../../packages/clip/src/checkpoint/torch-legacy.ts";
import { torchConstructors } from "../../../packages/clip/src/checkpoint/torch-objects.ts";
import { containerIn } from "../../../packages/clip/src/checkpoint/torch-zip.ts";
import { canonicalWeights } from "../../../packages/clip/src/checkpoint/weights.ts";
import { parseModelFile, parseProcessor } from "../../../packages/clip/src/config/said.ts";
import { parseMerges } from "../../../packages/clip/src/tokenizer/merges.ts";
import { checkFewShot, fewShotImage } from "../../../packages/detect/src/images/few-shot.ts";
import { makeHeads, storedParameters } from "../../../packages/inctrl/src/head-modules.ts";
import { headsModule, headValuesIn, isHeadName } from "../../../packages/inctrl/src/heads.ts";
import { templateIn } from "../../../packages/pretrain/src/plan.ts";
import { described, f32, file, json, plain, readAll, shapesOf, text } from "../seeds.mjs";

const golden = (name) => file(`packages/clip/test/checkpoint/golden/${name}`);

function npy(descr, shape, data, version = 1) {
  const header = Buffer.from(`{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }\n`);
  const length = [header.length, 0, ...(version > 1 ? [0, 0] : [])];
  return Buffer.concat([Buffer.of(0x93, ...Buffer.from("NUMPY"), version, 0, ...length), header, data]);
}

const TENSORS = {
  "block.1": f32([2, 3]),
  half: { dtype: "F16", shape: [4], data: Uint16Array.of(0x3c00, 0, 0x7e00, 1) },
};
const safetensors = plain(TENSORS, { format: "pt" });

/** An archive in memory whose pickle may be replaced: the directory of a zip is read by a library. */
async function inMemory(bytes) {
  const archive = await openArchive(memorySource(bytes, "file"));
  const entries = new Map();
  for (const name of archive.names) entries.set(name, await archive.read(name, 1e6));
  const pickleName = [...entries.keys()].find((name) => name.endsWith("data.pkl"));
  const held = {
    names: entries.keys(),
    size: (name) => entries.get(name)?.length,
    async read(name) {
      return entries.get(name);
    },
    async *stream(name, offset, length) {
      yield entries.get(name).subarray(offset, offset + length);
    },
  };
  return {
    seed: Buffer.from(entries.get(pickleName)),
    async open(pickle) {
      entries.set(pickleName, pickle);
      const names = [...entries.keys()];
      return torchFile(memorySource(pickle, "file"), await containerIn({ ...held, names }, "file"));
    },
  };
}
const views = await inMemory(golden("views.pt"));
const list = await inMemory(golden("list.pt"));
const fewShot = await inMemory(file("packages/testing/golden/few-shot.pt"));

/** `checkpointIn` loads these readers on demand, which takes longer than they do. */
const torch = (read) => async (bytes) => {
  const source = memorySource(bytes, "file");
  await readAll(torchFile(source, await read(source)));
};
const checkpoint = async (bytes) => readAll(await checkpointIn(memorySource(bytes, "file")));

const openClip = {
  embed_dim: 12,
  vision_cfg: { image_size: 16, patch_size: 8, width: 12, head_width: 6, layers: 2 },
  text_cfg: { context_length: 77, vocab_size: 520, width: 12, heads: 2, layers: 1 },
  out_blocks: [1],
};
const hub = {
  model_cfg: openClip,
  preprocess_cfg: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], size: 16 },
};
const huggingFace = {
  model_type: "clip_vision_model",
  ...{ hidden_act: "quick_gelu", hidden_size: 12, image_size: 16, patch_size: 8, projection_dim: 12 },
  ...{ num_attention_heads: 2, num_hidden_layers: 2, intermediate_size: 48, layer_norm_eps: 1e-5 },
};
const timm = {
  architecture: "vit_tiny_patch16_224",
  num_features: 192,
  pretrained_cfg: { input_size: [3, 224, 224], mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], crop_pct: 0.9 },
};
const processor = {
  ...{ do_resize: true, size: { shortest_edge: 224 }, do_center_crop: true, crop_size: 224, resample: 3 },
  ...{
    do_normalize: true,
    image_mean: [0.5, 0.5, 0.5],
    image_std: [0.5, 0.5, 0.5],
    rescale_factor: 0.00392156862745098,
  },
};

const clip = await openSafetensors("packages/testing/golden/three-shot/clip.safetensors");
/** One block of the image tower, as wide as towers are; the others are like it. */
const tower = [...clip.tensors].flatMap(([name, { shape }]) => {
  if (!/^visual\.(?!.*resblocks\.[1-9])/.test(name)) return [];
  const wide = shape.map((size) => (size % 10 === 0 ? 6.4 * size : size));
  return [[name, { shape: name.endsWith("positional_embedding") ? [10, 64] : wide }]];
});
await clip.close();
const resNet = new ResNet({ name: "resnet", blocks: [1], bottleneck: null });
const regad = new RegistrationNetwork({ mode: "rotation_scale", side: 64 });
const headsOf = (form) =>
  shapesOf(storedParameters(makeHeads(form, { embedDim: 8, patches: 4, widths: [4] })));
const monotone = makeHeads("monotone", { embedDim: 4, patches: 4 });

async function heads(opened) {
  const weights = canonicalWeights(opened, { extra: isHeadName });
  headsModule(await headValuesIn(weights), "file", opened.metadata);
}

export const WEIGHTS = [
  [
    "npy",
    [npy("<f4", "2, 3", Buffer.alloc(24)), npy("|b1", "4,", Buffer.alloc(4), 2)],
    (bytes) => void parseNpy(bytes),
  ],
  ["safetensors", [safetensors], (bytes) => readAll(parseSafetensors(bytes, "file"))],
  ["safetensors by range", [safetensors], checkpoint],
  ["pickle", [views.seed, list.seed], (bytes) => void unpickle(bytes, torchConstructors("file"), "file")],
  ["torch zip, its tensors", [views.seed], async (bytes) => readAll(await views.open(bytes))],
  ["torch stream", [golden("legacy.pt")], torch(readStream)],
  ["torch tar", [golden("legacy-tar.pth")], torch(readTar)],
  [
    "few-shot list",
    [fewShot.seed],
    async (bytes) => {
      const opened = await fewShot.open(bytes);
      checkFewShot(opened);
      for (let i = 0; i < opened.tensors.size; i++) await fewShotImage(opened, i);
    },
  ],
  [
    "index of shards",
    [json({ metadata: {}, weight_map: { a: "model-1.safetensors" } })],
    (bytes) => indexIn(memorySource(bytes, "model.safetensors.index.json")),
  ],
  [
    "names of CLIP's tensors",
    [shapesOf(tower)],
    (bytes) => void inferConfig(canonicalWeights(described(bytes))),
  ],
  [
    "names of a ResNet's tensors",
    [shapesOf(resNet.namedParameters()), shapesOf(regad.namedParameters(), { side: "64" })],
    (bytes) => void resNetIn(described(bytes)),
  ],
  [
    "heads",
    [
      plain(
        Object.fromEntries([...storedParameters(monotone)].map(([name, { shape }]) => [name, f32(shape)])),
        { format: "inctrl-heads", alpha: "0.5" },
      ),
    ],
    (bytes) => heads(parseSafetensors(bytes, "file")),
  ],
  ["names of heads", ["paper", "concat", "sorted"].map(headsOf), (bytes) => heads(described(bytes))],
  [
    "configuration of a model",
    [json(openClip), json(hub), file("packages/testing/golden/three-shot/config.json")],
    (bytes) => void parseConfig(text(bytes)),
  ],
  [
    "configuration beside weights",
    [json(hub), json(huggingFace), json(timm)],
    (bytes) => void parseModelFile(text(bytes), "config.json"),
  ],
  ["preprocessor_config.json", [json(processor)], (bytes) => void parseProcessor(text(bytes), "file")],
  [
    "configuration to pretrain",
    [json(openClip)],
    (bytes) => void parseConfig(templateIn("file", text(bytes))),
  ],
  [
    "vocabulary",
    [Buffer.from("#version: 0.2\np h\nph o\npho t\nphot o</w>\n")],
    (bytes) => void parseMerges(text(bytes), undefined, "merges"),
  ],
  // Its directory goes through yauzl.
  ["torch zip, whole", [golden("views.pt"), golden("list.pt")], checkpoint, 1 / 50],
];
