import type { nn } from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { classTokens, gridSize, type ModelConfig, type VisionConfig } from "../config/types.js";
import { ClipError } from "../errors.js";
import { clipParameters } from "../model/clip.js";
import { requireHalf } from "./finite.js";
import { resizePositional } from "./positional.js";
import type { Weights } from "./weights.js";

/** Differences between a checkpoint's tensors and a model's; all empty when they fit. */
export interface KeyReport {
  readonly missing: readonly string[];
  /** Names that the model does not have, in the file's own spelling where the layout does not know them. */
  readonly unexpected: readonly string[];
  readonly misshaped: readonly {
    readonly name: string;
    readonly got: readonly number[];
    readonly want: readonly number[];
  }[];
}

/** The towers that are needed: the vision tower alone, or all that the configuration has. */
export interface CheckOptions {
  readonly parts: "vision" | "clip";
}

const POSITIONAL = "visual.positional_embedding";
const CLASS = "visual.class_embedding";

/**
 * Compares a checkpoint with a model. Parts that were opened as `extra` are not unexpected, nor is a text tower when only the
 * vision tower is asked for; a positional embedding of another square grid fits, since it is resized.
 *
 * @example
 * checkKeys(weights, findConfig("ViT-B-16"), { parts: "vision" }).missing
 */
export function checkKeys(weights: Weights, config: ModelConfig, { parts }: CheckOptions): KeyReport {
  const known = clipParameters(config);
  const asked = (name: string) => parts === "clip" || name.startsWith("visual.");
  const missing: string[] = [];
  const misshaped: { name: string; got: readonly number[]; want: readonly number[] }[] = [];
  for (const [name, { shape: want }] of known) {
    if (!asked(name)) continue;
    const got = weights.keys.get(name)?.shape;
    if (got === undefined) missing.push(name);
    else if (!sameShape(got, want) && !(name === POSITIONAL && positionsIn(got, config.vision)))
      misshaped.push({ name, got, want });
  }
  const unknown = [...weights.keys.keys()].filter(
    (name) => asked(name) && !known.has(name) && !weights.extra.has(name),
  );
  return { missing, unexpected: [...weights.unexpected, ...unknown], misshaped };
}

/** @throws ClipError `keys`, naming up to eight tensors of each kind, unless the checkpoint fits the model. */
export function requireKeys(weights: Weights, config: ModelConfig, options: CheckOptions): void {
  const { missing, unexpected, misshaped } = checkKeys(weights, config, options);
  const faults = [
    listed("missing", missing.map(quoted)),
    listed("unexpected", unexpected.map(quoted)),
    listed(
      "misshaped",
      misshaped.map(
        ({ name, got, want }) => `${quoted(name)} is [${got.join(", ")}], not [${want.join(", ")}]`,
      ),
    ),
  ].filter((fault) => fault !== "");
  if (faults.length === 0) return;
  throw new ClipError(
    "keys",
    `${weights.path}: does not fit ${config.name ?? "the configured model"}: ${faults.join("; ")}; name the model these weights were trained as, or fetch the file again`,
  );
}

/**
 * A parameter's values for a model. Positions are resized where the image size differs. Class tokens of a model with registers hold
 * their positions, as in timm's files, so that these are equal in all layouts.
 *
 * @param into holds the values afterwards where it is long enough.
 */
export async function readParameter(
  weights: Weights,
  config: ModelConfig,
  name: string,
  into?: Float32Array,
): Promise<Float32Array> {
  const { vision } = config;
  const table = weights.has(POSITIONAL) ? positionsIn(weights.shape(POSITIONAL), vision) : undefined;
  const folds = vision.registers !== undefined && table?.prefix === 1;
  const values = await weights.readFloat32(name, into);
  if (name === CLASS && folds) {
    const positions = await weights.readFloat32(POSITIONAL);
    return values.map((v, i) => v + positions[i]);
  }
  if (name !== POSITIONAL || table === undefined) return values;
  const classes = classTokens(vision) * vision.width;
  let all = values;
  if (table.prefix === 0) {
    all = new Float32Array(classes + values.length);
    all.set(values, classes);
  }
  if (folds) all.fill(0, 0, classes);
  const side = gridSize(vision);
  if (table.side === side) return all;
  return resizePositional(all, {
    ...{ from: table.side, to: { rows: side, columns: side }, rule: vision.positions },
    ...{ width: vision.width, prefix: classTokens(vision) },
  });
}

/**
 * Reads the parameters of a model as `buildClip` asks for them.
 *
 * @param dtype how matrices and embeddings are kept; in float16 values above 65504 are refused.
 */
export function parameterReader(
  weights: Weights,
  config: ModelConfig,
  dtype: "float32" | "float16" = "float32",
): nn.ReadParameter {
  return async (name, { role }, into) => {
    const values = await readParameter(weights, config, name, into);
    const halved = dtype === "float16" && (role === "weight" || role === "embedding");
    return halved ? requireHalf(values, weights.path, name) : values;
  };
}

/**
 * Patches a side of a table of positions, and how many class tokens stand before them: all of the model's or, where class tokens hold
 * their positions themselves (never in CLIP), none. Undefined for other shapes.
 */
export function positionsIn(
  shape: readonly number[],
  vision: Pick<VisionConfig, "width" | "distilled" | "proj">,
): { side: number; prefix: number } | undefined {
  const [rows, width] = shape;
  if (shape.length !== 2 || width !== vision.width) return undefined;
  return [classTokens(vision), ...(vision.proj ? [] : [0])]
    .map((prefix) => ({ side: Math.sqrt(rows - prefix), prefix }))
    .find(({ side }) => Number.isInteger(side) && side >= 1);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, i) => size === b[i]);
}

function listed(kind: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const more = items.length > 8 ? ` and ${items.length - 8} more` : "";
  return `${items.length} ${kind} (${items.slice(0, 8).join(", ")}${more})`;
}
