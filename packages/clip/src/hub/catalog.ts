import { posix } from "node:path";

/** A file to download, with its published facts. */
export interface HubFile {
  readonly role: "weights" | "vocabulary";
  readonly url: string;
  /** The name it is kept under in the cache folder. */
  readonly saveAs: string;
  /**
   * The SHA-256 sum, or the beginning of it that is published (8 hex digits or more). `"from-hub"`: no sum is published apart
   * from the file, so the download is checked against the hub's own record.
   */
  readonly sha256: string;
  /** Exact size in bytes, where known. */
  readonly bytes?: number;
  /** A download that grows beyond this is stopped. */
  readonly maxBytes: number;
}

/** A published model and the files it needs. */
export interface HubModel {
  readonly name: string;
  /** The configuration the weights belong to. */
  readonly config?: string;
  /** The network that is no transformer: "resnet18", ... */
  readonly network?: string;
  /** The container of the weights, where the ending does not tell it. */
  readonly container?: string;
  readonly licence: string;
  readonly files: readonly HubFile[];
}

const MB = 1e6;

const VOCABULARY: HubFile = {
  role: "vocabulary",
  url: "https://raw.githubusercontent.com/mlfoundations/open_clip/main/src/open_clip/bpe_simple_vocab_16e6.txt.gz",
  saveAs: "bpe_simple_vocab_16e6.txt.gz",
  sha256: "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a",
  bytes: 1_356_917,
  maxBytes: 2 * MB,
};

// The tables: a model's name, its configuration, the path of its weights at the publisher's, and the most megabytes that may come.

/** OpenCLIP's releases on GitHub. The publisher puts the first 8 digits of the sum into the file name. */
const OPEN_CLIP = `
vit-b-16-plus-240-laion400m-e32 ViT-B-16-plus-240 vit_b_16_plus_240-laion400m_e32-699c4b84.pt 1000
vit-b-16-plus-240-laion400m-e31 ViT-B-16-plus-240 vit_b_16_plus_240-laion400m_e31-8fb26589.pt 1000
vit-b-16-laion400m-e32 ViT-B-16 vit_b_16-laion400m_e32-55e67d44.pt 900
vit-b-32-laion2b-e16 ViT-B-32 vit_b_32-laion2b_e16-af8dbd0c.pth 900
vit-l-14-laion400m-e32 ViT-L-14 vit_l_14-laion400m_e32-3d133497.pt 2000`;

/** On Hugging Face. LAION's ViT-L-14 of 2B pairs is left out: it needs another mean and deviation than its configuration has. */
const HUGGING_FACE = `
vit-b-32-laion2b-s34b ViT-B-32 laion/CLIP-ViT-B-32-laion2B-s34B-b79K/open_clip_pytorch_model.bin 900
vit-b-16-laion2b-s34b ViT-B-16 laion/CLIP-ViT-B-16-laion2B-s34B-b88K/open_clip_pytorch_model.bin 900
vit-l-14-336-openai ViT-L-14-336-quickgelu openai/clip-vit-large-patch14-336/pytorch_model.bin 2000
vit-h-14-laion2b-s32b ViT-H-14 laion/CLIP-ViT-H-14-laion2B-s32B-b79K/open_clip_pytorch_model.bin 4500
vit-b-32-openai ViT-B-32-quickgelu openai/clip-vit-base-patch32/pytorch_model.bin 900
vit-l-14-openai ViT-L-14-quickgelu openai/clip-vit-large-patch14/model.safetensors 2000
deit-tiny deit_tiny_patch16_224 timm/deit_tiny_patch16_224.fb_in1k/model.safetensors 40
deit-small deit_small_patch16_224 timm/deit_small_patch16_224.fb_in1k/model.safetensors 120
deit-base deit_base_patch16_224 timm/deit_base_patch16_224.fb_in1k/model.safetensors 450
dinov2-small vit_small_patch14_dinov2 timm/vit_small_patch14_dinov2.lvd142m/model.safetensors 100
dinov2-base vit_base_patch14_dinov2 timm/vit_base_patch14_dinov2.lvd142m/model.safetensors 400
dinov2-large vit_large_patch14_dinov2 timm/vit_large_patch14_dinov2.lvd142m/model.safetensors 1400
dinov2-giant vit_giant_patch14_dinov2 timm/vit_giant_patch14_dinov2.lvd142m/model.safetensors 4800
dinov2-small-reg4 vit_small_patch14_reg4_dinov2 timm/vit_small_patch14_reg4_dinov2.lvd142m/model.safetensors 100
dinov2-base-reg4 vit_base_patch14_reg4_dinov2 timm/vit_base_patch14_reg4_dinov2.lvd142m/model.safetensors 400
dinov2-large-reg4 vit_large_patch14_reg4_dinov2 timm/vit_large_patch14_reg4_dinov2.lvd142m/model.safetensors 1400
dinov2-giant-reg4 vit_giant_patch14_reg4_dinov2 timm/vit_giant_patch14_reg4_dinov2.lvd142m/model.safetensors 4800`;

type Weights = Pick<HubFile, "url" | "saveAs" | "sha256">;

/** A file of a repository on Hugging Face. */
function onHub(path: string, name: string): Weights {
  const { dir, base, ext } = posix.parse(path);
  const url = `https://huggingface.co/${dir}/resolve/main/${base}`;
  return { url, saveAs: `${name}${ext}`, sha256: "from-hub" };
}

const modelsOf = (table: string, weightsOf: (path: string, name: string) => Weights): HubModel[] =>
  table
    .trim()
    .split("\n")
    .map((row) => {
      const [name, config, path, megabytes] = row.split(" ");
      const maxBytes = Number(megabytes) * MB;
      const weights: HubFile = { role: "weights", ...weightsOf(path, name), maxBytes };
      // timm's are image classifiers, without a text tower.
      if (path.startsWith("timm/")) return { name, config, licence: "Apache-2.0", files: [weights] };
      return { name, config, licence: "MIT", files: [weights, VOCABULARY] };
    });

/**
 * ResNets trained on ImageNet: name, network, licence, container, megabytes at most, and the file's name at torchvision's or its folder
 * among timm's. torchvision's V1 are those of SPADE, PaDiM and PatchCore; anomalib takes timm's racm.
 */
const RESNETS = `
wide-resnet50-2-v1|wide_resnet50_2|BSD-3-Clause|legacy stream|300|wide_resnet50_2-95faca4d.pth
wide-resnet50-2-v2|wide_resnet50_2|BSD-3-Clause|zip|300|wide_resnet50_2-9ba9bcbe.pth
wide-resnet50-2-racm|wide_resnet50_2|Apache-2.0|safetensors|300|wide_resnet50_2.racm_in1k
wide-resnet50-2-tv|wide_resnet50_2|BSD-3-Clause|safetensors|300|wide_resnet50_2.tv_in1k
wide-resnet50-2-tv2|wide_resnet50_2|BSD-3-Clause|safetensors|300|wide_resnet50_2.tv2_in1k
resnet18-v1|resnet18|BSD-3-Clause|zip|60|resnet18-f37072fd.pth
resnet18-v1-2016|resnet18|BSD-3-Clause|legacy tar|60|resnet18-5c106cde.pth
resnet18-tv|resnet18|BSD-3-Clause|safetensors|60|resnet18.tv_in1k
resnet18-a1|resnet18|Apache-2.0|safetensors|60|resnet18.a1_in1k
resnet50-v1|resnet50|BSD-3-Clause|zip|120|resnet50-0676ba61.pth
resnet50-v1-2016|resnet50|BSD-3-Clause|legacy tar|120|resnet50-19c8e357.pth
resnet50-v2|resnet50|BSD-3-Clause|zip|120|resnet50-11ad3fa6.pth`;

const resnets: HubModel[] = RESNETS.trim()
  .split("\n")
  .map((row) => {
    const [name, network, licence, container, megabytes, file] = row.split("|");
    const weights = file.endsWith(".pth")
      ? {
          url: `https://download.pytorch.org/models/${file}`,
          saveAs: file,
          sha256: /-([0-9a-f]{8})/.exec(file)![1],
        }
      : onHub(`timm/${file}/model.safetensors`, name);
    const maxBytes = Number(megabytes) * MB;
    return { name, network, licence, container, files: [{ role: "weights", ...weights, maxBytes }] };
  });

/** All models that `pull` can download. The weights belong to their publishers, under the licences named. */
export const HUB_MODELS: readonly HubModel[] = [
  ...modelsOf(OPEN_CLIP, (saveAs) => {
    const url = `https://github.com/mlfoundations/open_clip/releases/download/v0.2-weights/${saveAs}`;
    return { url, saveAs, sha256: /-([0-9a-f]{8})\.\w+$/.exec(saveAs)![1] };
  }),
  ...modelsOf(HUGGING_FACE, onHub),
  ...resnets,
];

/** The vocabulary alone, for weights from elsewhere. */
export const VOCABULARY_DOWNLOAD: HubModel = {
  name: "clip-vocabulary",
  licence: "MIT",
  files: [VOCABULARY],
};
