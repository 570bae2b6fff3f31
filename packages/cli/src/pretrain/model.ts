import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import {
  createTokenizer,
  learnMerges,
  type ModelConfig,
  parseConfig,
  promptTexts,
  type Tokenizer,
} from "@inctrl/clip";
import { captionsOf, drawCaptioned } from "@inctrl/synth";
import { CliError } from "../errors.js";

/** What `nano` is; its vocabulary is learnt. */
const NANO = {
  embed_dim: 128,
  quick_gelu: true,
  vision_cfg: { image_size: 64, patch_size: 8, width: 128, layers: 4, head_width: 32 },
  text_cfg: { context_length: 32, width: 96, layers: 2, heads: 3 },
  out_blocks: [1, 2, 3],
  prompt_turns: 8,
};

/** A model that is to be trained, with the vocabulary it was given. */
export interface Plan {
  readonly config: ModelConfig;
  /** The configuration as JSON, in OpenCLIP's form. */
  readonly json: { readonly text_cfg: object };
  readonly merges: string;
  readonly tokenizer: Tokenizer;
}

/** Captions that the vocabulary is learnt from, and classes whose prompts are. */
const TEXTS = { captions: 6_000, classes: 400 } as const;

/** What a model's vocabulary is called in the folder of its weights. */
export const MERGES_FILE = "merges.txt";

/**
 * Reads the configuration, learns the vocabulary, and puts its size into the configuration. A run that begins with trained
 * weights takes their vocabulary, from beside them: in another one, a token's vector would stand for another word.
 */
export async function planModel(
  settings: { model?: string; merges: number; from?: string; imageSize?: number },
  seed: number,
): Promise<Plan> {
  const { model, merges: count, from, imageSize } = settings;
  const template = model === undefined ? NANO : await readTemplate(model);
  const merges =
    from === undefined ? learnMerges(vocabularyTexts(seed), count) : await readMerges(dirname(from));
  const tokenizer = createTokenizer(merges);
  const json = {
    ...template,
    vision_cfg: { ...template.vision_cfg, ...(imageSize !== undefined && { image_size: imageSize }) },
    text_cfg: { ...template.text_cfg, vocab_size: tokenizer.vocabSize },
  };
  return { config: parseConfig(json), json, merges, tokenizer };
}

async function readTemplate(path: string): Promise<typeof NANO> {
  try {
    const json = JSON.parse(await readFile(path, "utf8"));
    if (typeof json?.text_cfg === "object" && typeof json.vision_cfg === "object") return json;
  } catch (cause) {
    throw new CliError(
      "input",
      `${path}: cannot be read as JSON (${(cause as Error).message}); check --model`,
      { cause },
    );
  }
  throw new CliError("input", `${path}: holds no vision_cfg and text_cfg; give a model in OpenCLIP's form`);
}

async function readMerges(folder: string): Promise<string> {
  const path = join(folder, MERGES_FILE);
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new CliError(
      "input",
      `${path}: cannot be read (${(cause as Error).message}); --from needs the vocabulary beside the weights`,
      { cause },
    );
  }
}

/** Captions as training draws them, and InCTRL's prompts for some of the things they name. */
function vocabularyTexts(seed: number): string[] {
  const names = new Set<string>();
  for (let i = 0; i < TEXTS.classes; i++) {
    names.add(drawCaptioned({ seed, index: 2 * i, size: 16, split: "train" }).className);
  }
  const prompts = [...names].flatMap((name) => {
    const { normal, anomaly } = promptTexts(name);
    return [...normal, ...anomaly];
  });
  return [...captionsOf(seed, TEXTS.captions), ...prompts];
}
