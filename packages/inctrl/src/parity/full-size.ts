import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { buildClip, type Clip, findConfig, gridSize, openTokenizer, type Tokenizer } from "@inctrl/clip";
import {
  classPrototypes,
  encodePixels,
  hashedImage,
  hashedParameters,
  type ParityCheck,
  type ParityReport,
  parity,
  promptTexts,
} from "@inctrl/detect";
import { concat, type Device, matmul, mean, nn, normalize, scope, type Tensor, tensor } from "@inctrl/tensor";
import { boundedJson, readPlainText } from "@inctrl/tensor/files";
import { InctrlError } from "../errors.js";
import { makeHeads, storedParameters } from "../head-modules.js";
import { banksOf, forward } from "./forward.js";

const { compare, LOGIT_TOLERANCE, report, TOLERANCE } = parity;

const CONFIG = "ViT-B-16-plus-240";
const CLASS_NAME = "candle";

export interface FullSizeOptions {
  /** CLIP's vocabulary; by default looked for beside the fixture and in `vocab` beside its folder. */
  vocabulary?: string;
  onProgress?: (what: string) => void;
}

type Golden = Record<string, number | number[]>;

/**
 * Builds the full-size model from the fixture's integer hash (208 M parameters), runs it as the fixture did, and compares.
 *
 * @param file the fixture, in the form of `golden/full-size-forward.json`.
 */
export async function runFullSizeParity(
  device: Device,
  file: string,
  options: FullSizeOptions = {},
): Promise<ParityReport> {
  const say = options.onProgress ?? (() => {});
  const golden = await readGolden(file);
  const tokenizer = await openTokenizer(options.vocabulary ?? findVocabulary(file));
  const config = findConfig(CONFIG);
  const build = (parts: "text" | "vision") => buildClip(device, config, hashedParameters(), { parts });
  say("making the text tower");
  const text = await build("text");
  say(`encoding the prompts of "${CLASS_NAME}"`);
  const { prototypes, checks } = await textChecks(text, tokenizer, golden);
  using _ = prototypes;
  text.dispose();
  device.trim();
  say("making the image tower");
  using vision = await build("vision");
  say("encoding a query and two prompts");
  return report([...checks, ...(await imageChecks(device, vision, prototypes, golden))]);
}

async function textChecks(clip: Clip, tokenizer: Tokenizer, golden: Golden) {
  const { text } = clip;
  if (!text) throw new InctrlError("parity", "the configuration has no text tower");
  const { contextLength } = text.text;
  const prototypes = classPrototypes(text, tokenizer, CLASS_NAME);
  const single = text.forward(tokenizer.tokenize([promptTexts(CLASS_NAME).normal[13]], contextLength));
  const [values, feature] = [await prototypes.data(), await single.data()];
  single.dispose();
  const width = prototypes.shape[1];
  const checks = [
    ...first("text_candle", feature, golden),
    compare("Fn_first8", values.slice(0, 8), list(golden, "Fn_first8"), TOLERANCE),
    compare("Fa_first8", values.slice(width, width + 8), list(golden, "Fa_first8"), TOLERANCE),
  ];
  return { prototypes, checks };
}

async function imageChecks(
  device: Device,
  clip: Clip,
  prototypes: Tensor,
  golden: Golden,
): Promise<ParityCheck[]> {
  const { config, vision } = clip;
  const side = config.vision.imageSize;
  const sizes = { embedDim: config.embedDim, patches: gridSize(config.vision) ** 2 };
  using heads = makeHeads("paper", sizes).freeze();
  await nn.fill(device, storedParameters(heads), hashedParameters());
  const kept = scope(() => {
    const encode = (names: string[]) => {
      const pixels = concat(names.map((name) => tensor(device, hashedImage(name, side), [1, 3, side, side])));
      return encodePixels(vision, pixels, config.outBlocks);
    };
    const query = encode(["image0"]);
    const prompts = encode(["image1", "image2"]);
    const banks = banksOf(prompts.taps, 1);
    const promptFeature = heads.promptFeature(prompts.features);
    const model = forward(query.features, query.taps, { banks, heads, promptFeature, prototypes });
    const cosines = matmul(normalize(query.features), prototypes, { transposeB: true });
    const layerMeans = mean(model.layers, 2);
    return { query, model, cosines, layerMeans };
  });
  const { query, model, cosines, layerMeans } = kept;
  const read = (t: Tensor | null) => (t as Tensor).data();
  try {
    const features = await read(query.features);
    const taps = await Promise.all(query.taps.map(read));
    const width = config.vision.width;
    const map = await read(model.map);
    const cosine = await read(cosines);
    const patch = (i: number, at: number) => taps[i].slice(at * width, at * width + 8);
    const near = (name: string, got: ArrayLike<number>, tolerance = TOLERANCE) =>
      compare(name, got, list(golden, name), tolerance);
    const sum = map.reduce((a, b) => a + b, 0);
    return [
      ...first("cls_embed", features, golden),
      near("block7_patch0_first8", patch(0, 0)),
      near("block9_patch112_first8", patch(1, 112)),
      near("block11_patch224_first8", patch(2, 224)),
      relative("block_norms", taps.map(norm), golden),
      near("cos_img_normal", [cosine[0]]),
      near("cos_img_abnormal", [cosine[1]]),
      near("s_a", await read(model.textScore), LOGIT_TOLERANCE),
      near("residual_layer_means", await read(layerMeans)),
      near("M_first8", map.slice(0, 8)),
      relative("M_sum", [sum], golden),
      near("s_p", await read(model.residual)),
      near("argmax", [map.indexOf(Math.max(...map))], 0),
      near("image_residual_first8", (await read(model.imageResidual)).slice(0, 8)),
      near("s_i", await read(model.imageScore)),
      near("phi", await read(model.phi)),
      near("final_official", await read(model.score)),
      near("img_score_official", await read(model.imageScore)),
    ];
  } finally {
    const all = [...Object.values(model), query.features, ...query.taps];
    for (const t of [...all, cosines, layerMeans]) t?.dispose();
  }
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

/** A feature's first eight values and its length. */
function first(name: string, values: Float32Array, golden: Golden): ParityCheck[] {
  return [
    compare(`${name}_first8`, values.slice(0, 8), list(golden, `${name}_first8`), TOLERANCE),
    relative(`${name}_norm`, [norm(values)], golden),
  ];
}

/** Norms and sums of many values: the tolerance is a share of their size. */
function relative(name: string, got: number[], golden: Golden): ParityCheck {
  const want = list(golden, name);
  return compare(name, got, want, 1e-5 * Math.max(...want.map(Math.abs)));
}

function list(golden: Golden, name: string): number[] {
  const value = golden[name];
  if (typeof value === "number") return [value];
  if (Array.isArray(value) && value.every((v) => typeof v === "number")) return value;
  throw new InctrlError("parity", `the fixture has no numbers under "${name}"; it is of another form`);
}

/** Most bytes of the fixture, which has some 30 kB. */
const MAX_BYTES = 1e7;

async function readGolden(file: string): Promise<Golden> {
  try {
    return boundedJson(await readPlainText(file, MAX_BYTES)) as Golden;
  } catch (cause) {
    throw new InctrlError("parity", `${file}: is no readable JSON; give golden/full-size-forward.json`, {
      cause,
    });
  }
}

function findVocabulary(file: string): string {
  const name = "bpe_simple_vocab_16e6.txt.gz";
  const folder = dirname(file);
  const found = [join(folder, name), join(folder, "..", "vocab", name)].find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new InctrlError(
    "vocabulary",
    "the full-size check needs CLIP's vocabulary, which lies beside neither the fixture nor its folder; name its file",
  );
}
