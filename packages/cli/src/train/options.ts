import { readFile, stat } from "node:fs/promises";
import { nearestName } from "@inctrl/datasets";
import { TRAIN_DEFAULTS } from "@inctrl/inctrl";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { CliError } from "../errors.js";
import { parseSize } from "../options.js";

const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const error = `give a whole number, ${most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `from ${least} to ${most}`}`;
  return z.int({ error }).min(least, { error }).max(most, { error });
};
const positive = (least: number, error: string) => z.number({ error }).min(least, { error });
const text = z.string({ error: "give text" }).min(1, { error: "give text that is not empty" });
const flag = z.boolean({ error: "give true or false" });
const oneOf = <T extends string>(...values: T[]) => z.enum(values, { error: `give ${values.join(" or ")}` });
/** One value stands for a list of one. */
const list = z.preprocess(
  (value) => (typeof value === "string" ? [value] : value),
  z.array(text, { error: "give a list of names" }),
);

const SIZE_ERROR = "give a size, such as 500MB or 20GB";

const bytes = z.union([z.number(), z.string()], { error: SIZE_ERROR }).transform((value, context) => {
  const size = parseSize(String(value));
  if (size !== null) return size;
  context.addIssue({ code: "custom", message: SIZE_ERROR });
  return z.NEVER;
});

/** Every setting of a run; in a config file the names are those of the command line. */
const SETTINGS = z.object({
  data: list.optional(),
  category: list.optional(),
  holdOut: list.optional(),
  class: z.record(text, text, { error: "give each category's name in texts" }).default({}),
  backbone: text.optional(),
  modelConfig: text.optional(),
  vocabulary: text.optional(),
  fit: oneOf("crop", "squash").default("crop"),
  blocks: z.array(whole(1, 1000), { error: "give block numbers" }).optional(),
  text: flag.default(true),
  shots: whole(1, 1000).default(TRAIN_DEFAULTS.shots),
  epochs: whole(1, 1e6).default(10),
  steps: whole(1, 1e6).default(100),
  batch: whole(2, 65536).default(TRAIN_DEFAULTS.batch),
  lr: positive(0, "give a number, zero or more").default(TRAIN_DEFAULTS.lr),
  weightDecay: positive(0, "give a number, zero or more").default(TRAIN_DEFAULTS.weightDecay),
  headsForm: oneOf("paper", "sorted").default(TRAIN_DEFAULTS.headsForm),
  balance: oneOf("images", "categories").default(TRAIN_DEFAULTS.balance),
  optimizer: oneOf("adamw", "adam", "sgd").default(TRAIN_DEFAULTS.optimizer),
  loss: oneOf("probability", "logits").default(TRAIN_DEFAULTS.loss),
  alpha: positive(0, "give a number, zero or more").default(TRAIN_DEFAULTS.alpha),
  includeQuery: flag.default(false),
  seed: whole(0, 0xffffffff).default(TRAIN_DEFAULTS.seed),
  out: text.default("train-out"),
  cache: text.optional(),
  cacheLimit: bytes.default(20e9),
  resume: flag.default(false),
  device: text.optional(),
});

export type TrainSettings = z.infer<typeof SETTINGS>;

const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const KEYS = Object.keys(SETTINGS.shape);

/** Most bytes of a config file. */
const MOST_BYTES = 1e6;

/**
 * The settings of a run: those given on the command line, then those of a config file, then the defaults.
 *
 * @param given by name in camel case; only what the user wrote.
 * @throws CliError `option` or `input` naming the setting, where it stands and what it may be.
 */
export async function readSettings(
  given: Readonly<Record<string, unknown>>,
  configFile?: string,
): Promise<TrainSettings> {
  const fromFile = configFile === undefined ? {} : await readConfig(configFile);
  const parsed = SETTINGS.safeParse({ ...fromFile, ...given });
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const key = String(path[0]);
  const where = Object.hasOwn(given, key) ? `--${kebab(key)}` : `${configFile}: ${kebab(key)}`;
  throw new CliError("option", `${where}: ${message}`);
}

async function readConfig(path: string): Promise<Record<string, unknown>> {
  const info = await stat(path).catch(() => null);
  if (!info) throw new CliError("input", `${path}: no such file; check --config`);
  if (!info.isFile() || info.size > MOST_BYTES) {
    throw new CliError(
      "input",
      `${path}: this is no config file; give a JSON or YAML file with settings of this command`,
    );
  }
  let value: unknown;
  try {
    const content = await readFile(path, "utf8");
    value = path.toLowerCase().endsWith(".json") ? JSON.parse(content) : parseYaml(content);
  } catch (error) {
    const [problem] = (error as Error).message.split("\n");
    throw new CliError("input", `${path}: cannot be read as JSON or YAML (${problem}); correct it`, {
      cause: error,
    });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CliError("input", `${path}: must hold names and values, such as "shots: 4"`);
  }
  const known = new Map(KEYS.map((key) => [kebab(key), key]));
  return Object.fromEntries(
    Object.entries(value).map(([name, setting]) => {
      const key = known.get(name);
      if (key) return [key, setting];
      const near = nearestName(name, [...known.keys()]);
      const mend = near ? `did you mean "${near}"?` : "inctrl train --help lists the names";
      throw new CliError("input", `${path}: no setting is called ${JSON.stringify(name)}; ${mend}`);
    }),
  );
}
