import { type Category, nearestName } from "@inctrl/datasets";
import type { Device } from "@inctrl/tensor";
import type { Backbone } from "../backbone/backbone.js";
import type { Detector } from "../detector.js";
import type { Encoder, EncoderOptions } from "../encoder/encoder.js";
import { DetectError } from "../errors.js";
import type { TensorCache } from "../files/tensor-cache.js";
import type { WindowRequest } from "../images/window.js";
import type { BankFit } from "../matcher/bank-file.js";
import type { MethodOptions, OptionValues } from "./options.js";

/** All of a method's options at once: as its paper has them, as the program that was published with it, as anomalib. */
export const PRESETS = ["paper", "released", "anomalib"] as const;

export type Preset = (typeof PRESETS)[number];

/** What a method needs of an encoder; what is absent is as the backbone has it. */
export type MethodInput = Pick<EncoderOptions, "fit" | "taps" | "preprocess" | "raw" | "features">;

/** What a training needs besides the method's own options. */
export interface TrainJob {
  readonly backbone: Backbone;
  readonly categories: readonly Category[];
  /** Names of categories that are judged after each epoch and never trained on. */
  readonly holdOut?: readonly string[];
  /** Which values become black and white, measured on the normal training images of each category. Default `auto`. */
  readonly window?: WindowRequest;
  /** Where features of images are kept. Default: in `folder`. */
  readonly cache?: TensorCache;
  /** Where everything is written. */
  readonly folder: string;
  /** Goes on from the folder's checkpoint, where there is one. */
  readonly resume: boolean;
  readonly signal?: AbortSignal;
  readonly onStep?: (step: number, total: number, loss: number) => void;
  /** Told of the mean AUROC on what is held out, null where it cannot be told. */
  readonly onEpoch?: (epoch: number, auroc: number | null) => void;
  readonly onNote?: (text: string) => void;
}

/** What a training leaves. */
export interface Trained {
  /** The file that `load` reads. */
  readonly file: string;
  /** The same of the epoch that did best on what is held out; null without one. */
  readonly best: string | null;
  /** False where it was stopped. */
  readonly finished: boolean;
}

/**
 * A method of anomaly detection by name: its options and presets, what it needs of a backbone, and the detector that it makes.
 * Lists of methods are all that commands know of them. `defineMethod` makes one.
 */
export interface Method<O extends MethodOptions = MethodOptions, T = unknown> {
  readonly name: string;
  /** What it does, in one line. */
  readonly title: string;
  readonly options: O;
  /** Options that a preset sets otherwise than their defaults. */
  readonly presets?: Readonly<Partial<Record<Preset, Partial<OptionValues<O>>>>>;
  /** @throws DetectError `backbone` for one that the method cannot use. */
  input?(backbone: Backbone, settings: OptionValues<O>): MethodInput;
  /** Whether scores do not depend on the prompts, with these settings. Absent: they do. */
  zeroShot?(settings: OptionValues<O>): boolean;
  /** Options with which a saved bank was made, where the bank says them. */
  bankOptions?(bank: BankFit): Partial<OptionValues<O>>;
  /** @param trained what `load` gave; absent where no file was named. */
  create(encoder: Encoder, settings: OptionValues<O>, trained?: T): Detector;
  /** Reads what a training left, for methods that are trained. */
  load?(path: string, device: Device): Promise<T & Disposable>;
  /** The file of such that comes with the package for a backbone of that name; null where there is none. */
  shipped?(backbone: string): string | null;
  /** Options of the training, and what presets set otherwise than their defaults. */
  readonly trainOptions?: MethodOptions;
  readonly trainPresets?: Readonly<Partial<Record<Preset, Readonly<Record<string, unknown>>>>>;
  train?(job: TrainJob, settings: Readonly<Record<string, unknown>>): Promise<Trained>;
}

/**
 * Describes a method; the types of its settings come from its options.
 *
 * @example
 * export const spade = defineMethod({
 *   name: "spade",
 *   title: "SPADE (Cohen and Hoshen 2020): the mean distance to the nearest images",
 *   options: { neighbours: option.number(5, "images that the score is the mean distance to", { least: 1, whole: true }) },
 *   presets: { paper: { neighbours: 50 } },
 *   input: () => ({ taps: [1, 2, 3], raw: true, preprocess: { size: 224, resize: 256, interpolation: "lanczos", rgbFirst: true } }),
 *   create: (encoder, { neighbours }) => spadeDetector(encoder, neighbours),
 * });
 */
export const defineMethod = <const O extends MethodOptions, T = undefined>(method: Method<O, T>): Method =>
  // Settings come from `readOptions`, and `trained` from the method's own `load`.
  method as unknown as Method;

/**
 * The options of a run: those given, then the preset's, then the defaults.
 *
 * @param given values, or text as on a command line, by name.
 * @throws DetectError `option` for a name that is none, a value that does not fit, and a preset that the method lacks.
 * @example
 * const settings = readOptions(method, { neighbours: "3" }, "released");
 */
export function readOptions(
  { name: method, options, presets = {} }: Pick<Method, "name" | "options" | "presets">,
  given: Readonly<Record<string, unknown>> = {},
  preset?: Preset,
): Readonly<Record<string, unknown>> {
  if (preset !== undefined && !presets[preset]) {
    const known = Object.keys(presets).join(", ") || "none";
    throw new DetectError("option", `${method} has no preset "${preset}"; its presets: ${known}`);
  }
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(options, name));
  if (unknown !== undefined) {
    const near = nearestName(unknown, Object.keys(options));
    const mend = near
      ? `did you mean "${near}"?`
      : `its options: ${Object.keys(options).join(", ") || "none"}`;
    throw new DetectError("option", `${method} has no option "${unknown}"; ${mend}`);
  }
  const chosen = { ...(preset && presets[preset]), ...given };
  const read = Object.entries(options).map(([name, option]) => {
    const text = chosen[name];
    const value = text === undefined ? option.byDefault : option.read(text);
    if (text !== undefined && value === undefined)
      throw new DetectError("option", `${name} of ${method} is "${text}"; give ${option.takes}`);
    return [name, value];
  });
  return Object.fromEntries(read);
}
