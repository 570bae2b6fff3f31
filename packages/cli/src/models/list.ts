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
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { indent, millions } from "../ui/amounts.js";

/** Prints the backbone that is included, those that can be downloaded, and every configuration. */
export async function listModels({ json }: { json?: boolean }): Promise<number> {
  const models = {
    cache: cacheDir(),
    shipped: await shipped(),
    downloads: await Promise.all(HUB_MODELS.map(download)),
    vocabulary: await cachedPath(findHubModel("clip-vocabulary")),
    configs: listConfigs().map(configRecord),
  };
  await printResult(json, models, asText(models));
  return EXIT.ok;
}

/** The backbone that comes with this program; null in a checkout without it. */
async function shipped() {
  const model = await shippedModel(SHIPPED_MODEL);
  if (!model) return null;
  const { parameters, image, text } = configRecord(parseConfig(await readFile(model.config!, "utf8")));
  return { name: SHIPPED_MODEL, parameters, image, text, weights: model.weights };
}

/** A backbone that can be downloaded. `cached` is the path of its weights; null before they are downloaded. */
async function download(model: HubModel) {
  const { name: config, parameters, image, text } = configRecord(findConfig(model.config!));
  const { name, licence } = model;
  return { name, config, parameters, image, text, licence, cached: await cachedPath(model) };
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

interface Models {
  readonly cache: string;
  readonly shipped: Awaited<ReturnType<typeof shipped>>;
  readonly downloads: readonly Awaited<ReturnType<typeof download>>[];
  readonly vocabulary: string | null;
  readonly configs: readonly ReturnType<typeof configRecord>[];
}

function asText({ cache, shipped: own, downloads, vocabulary, configs }: Models): string {
  const included = own
    ? `${own.name} comes with this program (${millions(own.parameters)} parameters, images of ${own.image} pixels, ` +
      "knows text), and is used where no other is named.\n\n"
    : "";
  const toDownload = [
    ["name", "parameters", "image", "text", "licence", "cached"],
    ...downloads.map(({ name, parameters, image, text, licence, cached }) => {
      return [name, millions(parameters), image, text ? "yes" : "no", licence, cached ? "here" : ""];
    }),
  ];
  const known = [
    ["name", "parameters", "image", "patch", "blocks compared"],
    ...configs.map(({ name, parameters, image, patch, blocks }) => {
      return [name, millions(parameters), image, patch, blocks.join(" ")];
    }),
  ];
  return `${included}Backbones to download with "inctrl models pull NAME", into ${cache}:

${indent(alignTable(toDownload))}
  clip-vocabulary, which a class name needs, comes with every model that knows text${vocabulary ? " and is here" : ""}.

Configurations that weights of your own may have (score --model-config NAME):

${indent(alignTable(known))}`;
}
