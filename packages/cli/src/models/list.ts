import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  cacheDir,
  findConfig,
  findHubModel,
  HUB_MODELS,
  type HubModel,
  listConfigs,
  type ModelConfig,
  parameterCount,
  parseConfig,
  SHIPPED_MODEL,
  shippedModel,
} from "@inctrl/clip";
import { EXIT } from "../errors.js";
import { print, printJson } from "../output/print.js";
import { alignTable } from "../output/table.js";

/** A backbone that can be downloaded. */
interface Download {
  readonly name: string;
  readonly config: string;
  readonly parameters: number;
  readonly image: number;
  readonly text: boolean;
  readonly licence: string;
  /** Path of its weights; null before they are downloaded. */
  readonly cached: string | null;
}

/** The backbone that comes with this program; null in a checkout without it. */
async function shipped() {
  const model = await shippedModel(SHIPPED_MODEL);
  if (!model) return null;
  const config = parseConfig(await readFile(model.config!, "utf8"));
  const { parameters, image, text } = configRecord(config);
  return { name: SHIPPED_MODEL, parameters, image, text, weights: model.weights };
}

/** Prints the backbone that is included, those that can be downloaded, and every configuration. */
export async function listModels({ json }: { json?: boolean }): Promise<number> {
  const downloads = await Promise.all(HUB_MODELS.map(download));
  const vocabulary = await cachedPath(findHubModel("clip-vocabulary"));
  const configs = listConfigs();
  const here = await shipped();
  if (json) {
    const document = {
      cache: cacheDir(),
      shipped: here,
      downloads,
      vocabulary,
      configs: configs.map(configRecord),
    };
    await printJson(document);
    return EXIT.ok;
  }
  const rows = downloads.map((entry) => [
    entry.name,
    millions(entry.parameters),
    entry.image,
    entry.text ? "yes" : "no",
    entry.licence,
    entry.cached ? "here" : "",
  ]);
  const own = here
    ? `${here.name} comes with this program (${millions(here.parameters)} parameters, images of ${here.image} pixels, knows text), and is used ` +
      "where no other is named.\n\n"
    : "";
  await print(
    `${own}Backbones to download with "inctrl models pull NAME", into ${cacheDir()}:\n\n` +
      indent(alignTable([["name", "parameters", "image", "text", "licence", "cached"], ...rows])) +
      `\n  clip-vocabulary, which a class name needs, comes with every model that knows text` +
      `${vocabulary ? " and is here" : ""}.\n\n` +
      "Configurations that weights of your own may have (score --model-config NAME):\n\n" +
      indent(
        alignTable([
          ["name", "parameters", "image", "patch", "blocks compared"],
          ...configs.map((config) => {
            const { name, parameters, image, patch, blocks } = configRecord(config);
            return [name, millions(parameters), image, patch, blocks.join(" ")];
          }),
        ]),
      ),
  );
  return EXIT.ok;
}

async function download(model: HubModel): Promise<Download> {
  const { name, licence } = model;
  const config = findConfig(model.config!);
  const cached = await cachedPath(model);
  return {
    name,
    config: config.name!,
    parameters: parameterCount(config),
    image: config.preprocess.size,
    text: config.text !== undefined,
    licence,
    cached,
  };
}

/** Path of the first of a model's files; null before it is downloaded. */
async function cachedPath({ files }: HubModel): Promise<string | null> {
  const path = join(cacheDir(), "models", files[0].saveAs);
  return access(path).then(
    () => path,
    () => null,
  );
}

function configRecord(config: ModelConfig) {
  return {
    name: config.name ?? "unnamed",
    kind: config.kind,
    parameters: parameterCount(config),
    image: config.preprocess.size,
    patch: config.vision.patch,
    blocks: [...config.outBlocks],
    text: config.text !== undefined,
  };
}

/** "208.4 M" */
export function millions(n: number): string {
  return `${(n / 1e6).toFixed(1)} M`;
}

/** Indents a block of text by two spaces. */
export function indent(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
