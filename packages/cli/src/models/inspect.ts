import { stat } from "node:fs/promises";
import { openResNet, ResNet, type ResNetWeights } from "@inctrl/baselines";
import { inspectWeights, parameterCount, type WeightsReport, weightsFile } from "@inctrl/clip";
import { isHeadName } from "@inctrl/inctrl";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { indent, listed, millions, size } from "../ui/amounts.js";
import { info } from "../ui/log.js";

/** Names of one kind that are listed before "and 12 more". */
const LISTED = 12;

/** Prints what a checkpoint holds and how it differs from a configuration. Returns exit code 1 when it makes no model. */
export async function inspectModel(
  source: string,
  options: { config?: string; json?: boolean },
): Promise<number> {
  const path = await weightsFile(source);
  const { size: bytes } = await stat(path);
  const resnet = await openResNet(path);
  if (resnet) return inspectResNet(resnet, bytes, options.json).finally(() => resnet.close());
  const report = await inspectWeights(path, { config: options.config, extra: isHeadName });
  for (const note of report.notes) info(note);
  const facts = factsOf(path, bytes, report);
  const { fits, missing, unexpected, misshaped } = report;
  const document = { ...facts, fits, missing, unexpected, misshaped, config: report.config };
  await printResult(options.json, document, asText(facts, report));
  return fits ? EXIT.ok : EXIT.failed;
}

/** The same for a ResNet, of which `openResNet` refuses what does not fit. */
async function inspectResNet(weights: ResNetWeights, bytes: number, json?: boolean): Promise<number> {
  const { path: file, dtype, config } = weights;
  const { format, tensors } = weights.file;
  const parameters = new ResNet(config).parameters().reduce((sum, { size }) => sum + size, 0);
  const { name: model, blocks } = config;
  const facts = { file, bytes, format, dtype, tensors: tensors.size, parameters, model, blocks };
  const lines = [
    `file        ${file} (${size(bytes)})`,
    `holds       ${tensors.size} tensors in ${dtype}; ${format}, names as in torchvision`,
    `model       ${model}: layers of ${blocks.join(", ")} blocks, no text`,
    `fits        yes: all of ${millions(parameters)} parameters are there`,
  ];
  await printResult(json, { ...facts, fits: true }, `${lines.join("\n")}\n`);
  return EXIT.ok;
}

type Facts = ReturnType<typeof factsOf>;

function factsOf(file: string, bytes: number, report: WeightsReport) {
  const { format, layout, dtype, tensors, parameters, ignored, config } = report;
  const { name, preprocess, vision, text } = config;
  return {
    ...{ file, bytes, format, layout, dtype, tensors, parameters, ignored },
    model: name ?? "unnamed",
    needed: parameterCount(config),
    image: preprocess.size,
    patch: vision.patch,
    width: vision.width,
    layers: vision.layers,
    heads: vision.heads,
    text: text !== undefined,
  };
}

function asText(facts: Facts, report: WeightsReport): string {
  const { file, bytes, format, layout, dtype, tensors, parameters } = facts;
  const tower = `${facts.layers} blocks of width ${facts.width} with ${facts.heads} heads`;
  const lines = [
    `file        ${file} (${size(bytes)})`,
    `holds       ${tensors} tensors, ${millions(parameters)} parameters in ${dtype}; ${format}, names as in ${layout}`,
    `model       ${facts.model}: ${tower}, ${facts.text ? "with" : "no"} text`,
    `images      ${facts.image} pixels, patches of ${facts.patch}`,
    report.fits
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
  const shown = names.map((name) => JSON.stringify(name).slice(1, -1));
  return `${title} (${names.length}):\n${indent(listed(shown, LISTED).join("\n"))}\n`;
}
