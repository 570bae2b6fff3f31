import { METHODS as others } from "@inctrl/baselines";
import { hashFile } from "@inctrl/datasets";
import {
  type Backbone,
  type BankFit,
  type EncoderOptions,
  type Method,
  type MethodOptions,
  type Preset,
  readOptions,
} from "@inctrl/detect";
import { METHODS as own } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import { CliError } from "./errors.js";
import { warn } from "./ui/log.js";

/** Every method that scores. */
export const METHODS: readonly Method[] = [...own, ...others];

export const METHOD_NAMES = METHODS.map(({ name }) => name) as [string, ...string[]];

/** What options of a command say of its method. */
export interface MethodRequest {
  readonly backbone: string;
  readonly method?: string;
  readonly preset?: Preset;
  readonly set: Readonly<Record<string, string>>;
  /** The file that training left; false where none may be used. */
  readonly heads?: string | false;
}

/** A method, its options, and the file of what was trained for it. */
export interface ChosenMethod {
  readonly method: Method;
  /** Options that are not as the method has them by default, with the preset's. */
  readonly asked: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly file: string | null;
}

/**
 * The method of a name, with its options. Without a name: that of the bank; else `inctrl` where heads, texts or components are asked
 * for, and `residual`, with which no heads that come with the program keep up. A bank of `residual` serves `inctrl` as well.
 *
 * @param flags options of methods that have an option of the command, as far as they are given.
 * @param wish whether a text is asked about, and whether heads that come with the program may be used.
 * @param bank the bank that is loaded; what it was made for comes before the defaults.
 */
export function chooseMethod(
  request: MethodRequest,
  flags: Readonly<Record<string, unknown>>,
  wish: { readonly text: boolean; readonly shipped: boolean },
  bank?: BankFit,
): ChosenMethod {
  const { method: name, preset, set, backbone, heads } = request;
  const find = (name: string) => METHODS.find((each) => each.name === name) as Method;
  const shippedFor = (method: Method) =>
    (heads === undefined && wish.shipped && method.shipped?.(backbone)) || null;
  const asksMore = heads || wish.text || flags.components !== undefined;
  const kept = bank?.opening;
  const ofBank =
    kept && find(kept.method) && !(asksMore && kept.method === "residual") ? kept.method : undefined;
  const method = find(name ?? ofBank ?? (asksMore ? "inctrl" : "residual"));
  if (heads && !method.load)
    throw new CliError("option", `--heads: ${method.name} uses none; leave it out, or take another --method`);
  const given = Object.entries(flags).filter(([option, value]) => {
    const known = Object.hasOwn(method.options, option);
    if (value !== undefined && !known) warn(`--${option}: ${method.name} has no such option; it is left out`);
    return value !== undefined && known;
  });
  const known = preset === undefined && kept?.method === method.name ? kept.options : undefined;
  const asked = {
    ...(preset && method.presets?.[preset]),
    ...(bank && method.bankOptions?.(bank)),
    ...known,
    ...Object.fromEntries(given),
    ...set,
  };
  const settings = readOptions(method, asked, preset);
  return { method, asked, settings, file: method.load ? heads || shippedFor(method) : null };
}

/** What a method's training left. */
export const loadTrained = (
  { method, file }: ChosenMethod,
  device: Device,
): Promise<Disposable> | undefined =>
  file === null ? undefined : (method.load?.(file, device) as Promise<Disposable>);

/** The trained file and its sum, for result files. */
export const trainedFacts = async ({ file }: ChosenMethod) =>
  file === null ? null : { file, sha256: await hashFile(file) };

/** What a method needs of an encoder, besides what the command line says. */
export const encoderOptions = (
  { method, settings }: ChosenMethod,
  backbone: Backbone,
  { fit, ...options }: EncoderOptions,
): EncoderOptions => {
  const input = method.input?.(backbone, settings) ?? {};
  const preprocess = { ...input.preprocess, ...options.preprocess };
  return { ...input, ...options, preprocess, fit: fit ?? input.fit };
};

const optionLines = (options: MethodOptions): string[] =>
  Object.entries(options).map(([key, { help, byDefault, defaultText = String(byDefault) }]) => {
    return `    ${key}: ${help} (default: ${defaultText})`;
  });

type Trainable = Method & Required<Pick<Method, "train" | "trainOptions">>;

/** Methods that are trained by their name; InCTRL's heads are trained without one. */
export const TRAINABLE = METHODS.filter((method): method is Trainable => method.train !== undefined);

/** Options of their trainings, as help shows them. */
export function trainingHelp(): string {
  const lines = TRAINABLE.flatMap(({ name, trainOptions }) => [`  ${name}:`, ...optionLines(trainOptions)]);
  return `Options of other methods' trainings, for --set:\n${lines.join("\n")}`;
}

/** Methods and their options, as help shows them. */
export function methodHelp(): string {
  const lines = METHODS.flatMap(({ name, title, options, presets = {} }) => {
    const known = Object.keys(presets);
    return [
      `  ${name}: ${title}${known.length > 0 ? `; presets ${known.join(", ")}` : ""}`,
      ...optionLines(options),
    ];
  });
  return `Methods, and their options for --set:\n${lines.join("\n")}`;
}
