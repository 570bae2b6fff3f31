import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { openNetwork } from "@inctrl/baselines";
import { cacheDir } from "@inctrl/clip";
import { count, hashFile, type Reading, windowText } from "@inctrl/datasets";
import {
  type Backbone,
  type BankFit,
  type BankOpening,
  CALIBRATION_DEFAULTS,
  type CalibratedJudge,
  type Calibration,
  calibrationEntry,
  Encoder,
  type EncoderOptions,
  type FittedDetector,
  fileImages,
  fitImages,
  type GoodImage,
  judgeOf,
  type MeasuredWindow,
  openingEntry,
  promptsAlone,
  readBankFit,
  readCalibration,
  readRegion,
  verdictSettings as settingsOf,
  type TileSizes,
} from "@inctrl/detect";
import { isHeadName } from "@inctrl/inctrl";
import { onRuntime } from "@inctrl/onnx";
import type { Device } from "@inctrl/tensor";
import type { ScoreOptions } from "../commands/score.js";
import { CliError } from "../errors.js";
import { chooseMethod, encoderOptions, loadTrained, METHODS } from "../methods.js";
import { stopIfAborted } from "../signals.js";
import { info, warn } from "../ui/log.js";
import { withProgress } from "../ui/progress.js";

/** Loads the backbone of the options with a progress bar. */
export async function loadBackbone(
  device: Device,
  {
    backbone,
    modelConfig: config,
    vocabulary,
    dtype,
    runtime = "webgpu",
  }: Pick<ScoreOptions, "backbone" | "modelConfig" | "vocabulary"> &
    Partial<Pick<ScoreOptions, "dtype" | "runtime">>,
  onLongName?: (message: string) => void,
): Promise<Backbone> {
  const textCache = join(cacheDir(), "prototypes");
  const own = await withProgress({ verb: "loading the backbone", unit: "parameter" }, (onProgress) =>
    openNetwork(device, backbone, {
      ...{ config, vocabulary, dtype, textCache, extra: isHeadName, onProgress, onNote: info, onLongName },
    }),
  );
  return runtime === "onnxruntime" ? onRuntime(own, backbone, { config, dtype }) : own;
}

/** What of a command's options says how images are scored. */
export type ModelOptions = Pick<
  ScoreOptions,
  | ("backbone" | "modelConfig" | "vocabulary" | "dtype" | "heads" | "class" | "method" | "preset" | "set")
  | ("alpha" | "symmetries" | "fit" | "window" | "orientation" | "maxMegapixels" | "batch" | "threads")
> &
  Partial<
    Pick<ScoreOptions, "runtime" | "bank" | "saveBank" | "roi" | "ignore" | "tile" | "overlap" | "positions">
  > &
  Pick<EncoderOptions, "pool">;

/** What tiles share where that is not said: an eighth of their side. */
const tilesOf = ({ tile, overlap }: Pick<ModelOptions, "tile" | "overlap">): TileSizes | undefined =>
  tile === undefined ? undefined : { tile, overlap: overlap ?? Math.round(tile / 8) };

/** Tiles as options name them. */
const ofTiles = ({ tiles: { tile, overlap } = {}, positions }: Pick<BankFit, "tiles" | "positions">) => ({
  tile: tile ?? "none",
  overlap: overlap ?? "none",
  positions: positions ?? "none",
});

/** How images are read, become square and are compared: as the bank was made, where one is given, else as the options say. */
function chooseFit(
  { fit, symmetries, bank, orientation, window: request, ...options }: ModelOptions,
  known: BankFit | undefined,
) {
  if (known === undefined) {
    const tiles = tilesOf(options);
    const { positions } = options;
    return { fit: tiles ? ("tile" as const) : fit, tiles, positions, symmetries, orientation };
  }
  const { reading, early, sealed } = known;
  const { window = "full", orientation: followed = "ignore" } = reading;
  const ofBank = { fit: known.fit, symmetries: known.symmetries };
  const made = { ...ofBank, orientation: followed, window: windowText(window), ...ofTiles(known) };
  const range = typeof request === "object" ? request.join(":") : request === "full" ? request : made.window;
  const asked = {
    ...{ fit: fit ?? made.fit, symmetries: symmetries ?? made.symmetries },
    ...{ orientation: orientation ?? followed, window: range },
    ...{ tile: options.tile ?? made.tile, overlap: options.overlap ?? made.overlap },
    positions: options.positions ?? made.positions,
  };
  const wrong = (
    ["fit", "tile", "overlap", "positions", "symmetries", "orientation", "window"] as const
  ).find((name) => asked[name] !== made[name]);
  if (early) {
    warn(
      `${bank}: an earlier version made it; images of 16 bits keep their high byte, and EXIF is not followed; make it again`,
    );
  }
  if (!sealed)
    warn(
      `${bank}: is of a version without checksums, so that nothing vouches for it; make it again to have them`,
    );
  if (!wrong) return { ...ofBank, tiles: known.tiles, positions: known.positions, orientation: followed };
  throw new CliError(
    "option",
    `--${wrong} ${asked[wrong]}: the bank ${bank} was made with ${made[wrong]}; leave --${wrong} out`,
  );
}

/** Says which values of images of more than 8 bits become black and white. */
export function noteWindow({ note, warnings }: MeasuredWindow, category?: string): void {
  const of = category === undefined ? "" : `${category}: `;
  if (note) info(of + note);
  for (const warning of warnings) warn(of + warning);
}

async function saveBank(path: string, { fitted, hint, opening }: Model): Promise<void> {
  const there = await stat(path).catch(() => null);
  // Saving renames a finished file into place, which would replace a device there.
  if (there && !there.isFile())
    throw new CliError("output", `${path}: this is not a plain file; give a file name`);
  // The first bank makes the folder of products.
  await mkdir(dirname(path), { recursive: true });
  const entries = { ...openingEntry(opening), ...(hint && calibrationEntry(hint)) };
  await fitted.save(path, entries);
  info(`saved the bank of ${count(fitted.prompts.length, "prompt")} to ${path}`);
}

/** A fitted detector with what it was made from. */
export interface Model extends Disposable {
  readonly fitted: FittedDetector;
  /** The file of the heads; null where there are none. */
  readonly heads: string | null;
  /** The weight of s_p beside the heads. */
  readonly alpha: number;
  /** How image files are read, besides what the detector says. */
  readonly reading: Reading;
  /** What the prompts alone tell of a line; null for a bank that was loaded, and where they are too few. */
  readonly hint: Calibration | null;
  /** What a bank of it is made for. */
  readonly opening: BankOpening;
  /** What was trained for its method; absent where nothing was. */
  readonly trained?: Disposable;
}

/**
 * Loads the backbone of the options, opens the model on it, saves its bank where that is asked for, and runs a job with it. All is
 * freed however the job ends.
 */
export async function withModel<T>(
  device: Device,
  prompts: readonly string[] | null,
  options: ModelOptions,
  signal: AbortSignal,
  job: (model: Model) => Promise<T>,
): Promise<T> {
  using backbone = await loadBackbone(device, options);
  stopIfAborted(signal);
  using model = await openModel(backbone, prompts, options, signal);
  if (options.saveBank !== undefined) await saveBank(options.saveBank, model);
  return await job(model);
}

/**
 * Loads the heads and the text features, and fits the detector with the prompts, or loads it from the bank of the options with what the
 * bank was made for. The backbone stays the caller's.
 */
export async function openModel(
  backbone: Backbone,
  prompts: readonly string[] | null,
  options: ModelOptions,
  signal: AbortSignal,
): Promise<Model> {
  const { batch, threads, pool, window } = options;
  const bank = options.bank === undefined ? undefined : await readBankFit(options.bank);
  const className = options.class ?? bank?.opening?.className ?? undefined;
  const { fit, tiles, positions, symmetries, orientation } = chooseFit(options, bank);
  const reading = { orientation, maxPixels: options.maxMegapixels * 1e6 };
  const asks = className !== undefined;
  const named = METHODS.find(({ name }) => name === options.method);
  const flags = {
    alpha: options.alpha,
    symmetries: named && !named.options.symmetries ? options.symmetries : symmetries,
  };
  const chosen = chooseMethod(options, flags, { text: asks, shipped: asks }, bank);
  const { method, settings, file: heads } = chosen;
  if (
    bank?.opening?.heads &&
    heads === null &&
    options.heads !== false &&
    method.name === bank.opening.method
  )
    throw new CliError(
      "option",
      `${options.bank} was made with a trained file, which is not here; add --heads FILE`,
    );
  const trained = await loadTrained(chosen, backbone.device);
  try {
    if (heads && backbone.hasText && !asks)
      warn("the heads work best with the product's name beside them; add --class NAME");
    // Fails early where the backbone has no text tower.
    if (asks) await backbone.prototypes(className);
    stopIfAborted(signal);
    const encoder = new Encoder(
      backbone,
      encoderOptions(chosen, backbone, { fit, preprocess: tiles, batch, threads, pool }),
    );
    const detector = method.create(encoder, settings, trained);
    const region = prompts ? await readRegion(options, prompts, reading) : undefined;
    let images: readonly GoodImage[] = [];
    const fitted = prompts
      ? await fitImages(detector, fileImages(prompts, reading), {
          ...{ className, region, positions, signal, window },
          onWindow: noteWindow,
          async onEncoded(encoded) {
            images = await promptsAlone(detector, encoded, { className, region, positions });
          },
        })
      : await detector.load(options.bank as string, { className });
    const { alpha = "1" } = await detector.settings();
    const opening: BankOpening = {
      ...{ version: 1, method: method.name, options: chosen.asked },
      ...{ className: className ?? null, heads: heads !== null },
    };
    const facts = { fitted, heads, opening };
    const dispose = () => {
      fitted.dispose();
      trained?.[Symbol.dispose]();
    };
    const hint = images.length === 0 ? null : await hintOf(facts, images, options);
    return { ...facts, alpha: Number(alpha), reading, hint, trained, [Symbol.dispose]: dispose };
  } catch (error) {
    trained?.[Symbol.dispose]();
    throw error;
  }
}

const hintOf = async (
  model: Pick<Model, "fitted" | "heads" | "opening">,
  images: readonly GoodImage[],
  options: ModelOptions,
): Promise<Calibration> => ({
  ...{ version: 1, hint: true, ...CALIBRATION_DEFAULTS, images },
  settings: await verdictSettings(model, options),
});

/** The judge of a model: by the bank's calibration or by its own hint; null where nothing is known of good parts. */
export async function judgeFor(model: Model, options: ModelOptions): Promise<CalibratedJudge | null> {
  const { bank } = options;
  const calibration =
    bank === undefined ? model.hint : await readCalibration(bank, await verdictSettings(model, options));
  return calibration && judgeOf(calibration);
}

/** All that decides a verdict besides the bank, by name. */
export async function verdictSettings(
  { fitted, heads, opening: { className } }: Pick<Model, "fitted" | "heads" | "opening">,
  { dtype }: Pick<ModelOptions, "dtype">,
): Promise<Readonly<Record<string, string>>> {
  return settingsOf(fitted, { heads: heads && (await hashFile(heads)), weights: dtype, className });
}
