import { dirname, join } from "node:path";
import { createTokenizer, learnMerges, type ModelConfig, parseConfig, type Tokenizer } from "@inctrl/clip";
import { promptTexts } from "@inctrl/detect";
import { captionsOf, classNamesOf } from "@inctrl/synth";
import { boundedJson, readPlainText } from "@inctrl/tensor/files";
import { PretrainError } from "./errors.js";

/** The configuration of `nano`; the size of its vocabulary is learned. */
const NANO = {
  embed_dim: 128,
  quick_gelu: true,
  vision_cfg: { image_size: 64, patch_size: 8, width: 128, layers: 4, head_width: 32 },
  text_cfg: { context_length: 32, width: 96, layers: 2, heads: 3 },
  out_blocks: [1, 2, 3],
  prompt_turns: 8,
};

/** A model to be trained, with its vocabulary. */
export interface ModelPlan {
  readonly config: ModelConfig;
  /** The configuration as JSON, in OpenCLIP's form. */
  readonly json: { readonly text_cfg: object };
  readonly merges: string;
  readonly tokenizer: Tokenizer;
}

export interface PlanOptions {
  /** The configuration's file, as OpenCLIP's JSON. Default: that of `nano`. */
  readonly model?: string;
  /** Weights of a trained model to start from, with its vocabulary in `merges.txt` beside them. */
  readonly from?: string;
  /** Pixels a side of the images. Default: the configuration's. */
  readonly imageSize?: number;
  /** Merges of a vocabulary that is learned. */
  readonly merges: number;
  /** Of the captions that the vocabulary is learned from. */
  readonly seed: number;
}

/** Captions, and classes whose prompts, the vocabulary is learned from. */
const VOCABULARY = { captions: 6_000, classes: 400 } as const;

/** Most bytes of a configuration or a vocabulary; CLIP's vocabulary has 3 MB. */
const MAX_BYTES = 64e6;

/** The name of a model's vocabulary, in the folder of its weights. */
export const MERGES_FILE = "merges.txt";

/**
 * Reads the configuration and learns the vocabulary. A run that starts from trained weights takes their vocabulary: in another
 * one, a token's vector would stand for another word.
 *
 * @throws PretrainError `configuration` or `vocabulary` for a file that cannot be read
 */
export async function planModel({
  model,
  from,
  imageSize,
  merges: count,
  seed,
}: PlanOptions): Promise<ModelPlan> {
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

const unread = (path: string, what: string, cause: unknown) => {
  const message = `${path}: cannot be read${what} (${(cause as Error).message}); check the file`;
  return new PretrainError("configuration", message, { cause });
};

const readTemplate = async (path: string): Promise<typeof NANO> =>
  templateIn(
    path,
    await readPlainText(path, MAX_BYTES).catch((cause) => {
      throw unread(path, "", cause);
    }),
  );

/** The configuration in a text. @throws PretrainError `configuration` */
export function templateIn(path: string, text: string): typeof NANO {
  let json: Partial<typeof NANO> | null;
  try {
    json = boundedJson(text) as typeof json;
  } catch (cause) {
    throw unread(path, " as JSON", cause);
  }
  if (typeof json?.text_cfg === "object" && typeof json.vision_cfg === "object") return json as typeof NANO;
  const message = `${path}: holds no vision_cfg and text_cfg; give a model in OpenCLIP's form`;
  throw new PretrainError("configuration", message);
}

async function readMerges(folder: string): Promise<string> {
  const path = join(folder, MERGES_FILE);
  return readPlainText(path, MAX_BYTES).catch((cause: Error) => {
    const message = `${path}: cannot be read (${cause.message}); put the vocabulary of the weights beside them`;
    throw new PretrainError("vocabulary", message, { cause });
  });
}

/** Captions as training draws them, and InCTRL's prompts for some of the classes in them. */
function vocabularyTexts(seed: number): string[] {
  // Images 2 i and 2 i + 1 are of one class.
  const names = new Set(classNamesOf(seed, 2 * VOCABULARY.classes));
  const prompts = [...names].flatMap((name) => {
    const { normal, anomaly } = promptTexts(name);
    return [...normal, ...anomaly];
  });
  return [...captionsOf(seed, VOCABULARY.captions), ...prompts];
}
