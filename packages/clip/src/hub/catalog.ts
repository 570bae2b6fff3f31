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

// The publisher puts the first 8 digits of the sum into the file name.
function openClipRelease(name: string, config: string, file: string, maxBytes: number): HubModel {
  const sha256 = file.match(/-([0-9a-f]{8})\.\w+$/)![1];
  const url = `https://github.com/mlfoundations/open_clip/releases/download/v0.2-weights/${file}`;
  const weights: HubFile = { role: "weights", url, saveAs: file, sha256, maxBytes };
  return { name, config, licence: "MIT", files: [weights, VOCABULARY] };
}

interface HuggingFaceEntry {
  readonly config: string;
  readonly repository: string;
  readonly file: string;
  readonly licence: string;
  readonly maxBytes: number;
  readonly text: boolean;
}

function huggingFace(name: string, entry: HuggingFaceEntry): HubModel {
  const weights: HubFile = {
    role: "weights",
    url: `https://huggingface.co/${entry.repository}/resolve/main/${entry.file}`,
    saveAs: `${name}${entry.file.slice(entry.file.lastIndexOf("."))}`,
    sha256: "from-hub",
    maxBytes: entry.maxBytes,
  };
  const files = entry.text ? [weights, VOCABULARY] : [weights];
  return { name, config: entry.config, licence: entry.licence, files };
}

// LAION's ViT-L-14 of 2B pairs is left out: it needs another mean and deviation than its configuration has.
const laion = (name: string, config: string, repository: string, maxBytes: number): HubModel =>
  huggingFace(name, {
    config,
    repository: `laion/${repository}`,
    file: "open_clip_pytorch_model.bin",
    licence: "MIT",
    maxBytes,
    text: true,
  });

const openai = (name: string, config: string, repository: string, file: string, maxBytes: number): HubModel =>
  huggingFace(name, {
    config,
    repository: `openai/${repository}`,
    file,
    licence: "MIT",
    maxBytes,
    text: true,
  });

const timm = (name: string, config: string, tag: string, maxBytes: number): HubModel =>
  huggingFace(name, {
    config,
    repository: `timm/${config}.${tag}`,
    file: "model.safetensors",
    licence: "Apache-2.0",
    maxBytes,
    text: false,
  });

/** All models that `pull` can download. The weights belong to their publishers, under the licences named. */
export const HUB_MODELS: readonly HubModel[] = [
  openClipRelease(
    "vit-b-16-plus-240-laion400m-e32",
    "ViT-B-16-plus-240",
    "vit_b_16_plus_240-laion400m_e32-699c4b84.pt",
    1000 * MB,
  ),
  openClipRelease(
    "vit-b-16-plus-240-laion400m-e31",
    "ViT-B-16-plus-240",
    "vit_b_16_plus_240-laion400m_e31-8fb26589.pt",
    1000 * MB,
  ),
  openClipRelease("vit-b-16-laion400m-e32", "ViT-B-16", "vit_b_16-laion400m_e32-55e67d44.pt", 900 * MB),
  openClipRelease("vit-b-32-laion2b-e16", "ViT-B-32", "vit_b_32-laion2b_e16-af8dbd0c.pth", 900 * MB),
  openClipRelease("vit-l-14-laion400m-e32", "ViT-L-14", "vit_l_14-laion400m_e32-3d133497.pt", 2000 * MB),
  laion("vit-b-32-laion2b-s34b", "ViT-B-32", "CLIP-ViT-B-32-laion2B-s34B-b79K", 900 * MB),
  laion("vit-b-16-laion2b-s34b", "ViT-B-16", "CLIP-ViT-B-16-laion2B-s34B-b88K", 900 * MB),
  laion("vit-h-14-laion2b-s32b", "ViT-H-14", "CLIP-ViT-H-14-laion2B-s32B-b79K", 4500 * MB),
  openai("vit-b-32-openai", "ViT-B-32-quickgelu", "clip-vit-base-patch32", "pytorch_model.bin", 900 * MB),
  openai("vit-l-14-openai", "ViT-L-14-quickgelu", "clip-vit-large-patch14", "model.safetensors", 2000 * MB),
  timm("deit-tiny", "deit_tiny_patch16_224", "fb_in1k", 40 * MB),
  timm("deit-small", "deit_small_patch16_224", "fb_in1k", 120 * MB),
  timm("deit-base", "deit_base_patch16_224", "fb_in1k", 450 * MB),
];

/** The vocabulary alone, for weights from elsewhere. */
export const VOCABULARY_DOWNLOAD: HubModel = {
  name: "clip-vocabulary",
  licence: "MIT",
  files: [VOCABULARY],
};
