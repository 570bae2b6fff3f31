import { readFile, stat } from "node:fs/promises";
import {
  checkKeys,
  findConfig,
  inferConfig,
  type KeyReport,
  type ModelConfig,
  openWeights,
  parameterCount,
  parseConfig,
  type Weights,
} from "@inctrl/clip";
import { sizeOf } from "@inctrl/tensor";
import { CliError, EXIT } from "../errors.js";
import { print, printJson } from "../output/print.js";
import { size } from "../ui/amounts.js";
import { indent, millions } from "./list.js";

/** Names of one kind that are listed before "and 12 more". */
const LISTED = 12;

/** Prints what a checkpoint holds and how it differs from its configuration; 1 when no model can be made of it. */
export async function inspectModel(
  path: string,
  options: { config?: string; json?: boolean },
): Promise<number> {
  const { size: bytes } = await stat(path);
  const weights = await openWeights(path);
  try {
    const config = options.config === undefined ? inferConfig(weights) : await readConfig(options.config);
    const report = checkKeys(weights, config, { parts: config.text ? "clip" : "vision" });
    const fits = report.missing.length + report.unexpected.length + report.misshaped.length === 0;
    const facts = describeFile(path, bytes, weights, config);
    if (options.json) await printJson({ ...facts, fits, ...report, config });
    else await print(asText(facts, fits, report));
    return fits ? EXIT.ok : EXIT.failed;
  } finally {
    await weights.close();
  }
}

/** A configuration by name, or from a JSON file. */
async function readConfig(source: string): Promise<ModelConfig> {
  if (!source.endsWith(".json")) return findConfig(source);
  const text = await readFile(source, "utf8").catch((cause) => {
    throw new CliError("input", `${source}: cannot be read; give a configuration's name or JSON file`, {
      cause,
    });
  });
  return parseConfig(text);
}

type Facts = ReturnType<typeof describeFile>;

function describeFile(path: string, bytes: number, weights: Weights, config: ModelConfig) {
  let parameters = 0;
  for (const { shape } of weights.keys.values()) parameters += sizeOf(shape);
  return {
    file: path,
    bytes,
    format: weights.file.format,
    layout: weights.layout,
    dtype: weights.dtype,
    tensors: weights.file.tensors.size,
    parameters,
    ignored: weights.ignored,
    model: config.name ?? "unnamed",
    needed: parameterCount(config),
    image: config.preprocess.size,
    patch: config.vision.patch,
    width: config.vision.width,
    layers: config.vision.layers,
    heads: config.vision.heads,
    text: config.text !== undefined,
  };
}

function asText(facts: Facts, fits: boolean, report: KeyReport): string {
  const { file, bytes, format, layout, dtype, tensors, parameters } = facts;
  const tower = `${facts.layers} blocks of width ${facts.width} with ${facts.heads} heads`;
  const lines = [
    `file        ${file} (${size(bytes)})`,
    `holds       ${tensors} tensors, ${millions(parameters)} parameters in ${dtype}; ${format}, names as in ${layout}`,
    `model       ${facts.model}: ${tower}, ${facts.text ? "with" : "no"} text`,
    `images      ${facts.image} pixels, patches of ${facts.patch}`,
    fits
      ? `fits        yes: all of ${millions(facts.needed)} parameters are there`
      : "fits        no: take the configuration these weights were trained as (--config), or fetch them again",
  ];
  const misshaped = report.misshaped.map(
    ({ name, got, want }) => `${name} is [${got.join(", ")}] and must be [${want.join(", ")}]`,
  );
  return [
    `${lines.join("\n")}\n`,
    section("not needed", facts.ignored),
    section("missing", report.missing),
    section("unexpected", report.unexpected),
    section("of another shape", misshaped),
  ].join("");
}

function section(title: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  const more = names.length > LISTED ? [`and ${names.length - LISTED} more`] : [];
  const shown = names.slice(0, LISTED).map((name) => JSON.stringify(name).slice(1, -1));
  return `${title} (${names.length}):\n${indent([...shown, ...more].join("\n"))}\n`;
}
