import { existsSync } from "node:fs";
import { findResNet, ResNet, widthOf } from "@inctrl/baselines";
import {
  cacheDir,
  cachedPath,
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
import { readPlainText } from "@inctrl/tensor/files";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { indent, millions } from "../ui/amounts.js";

/** Prints the backbone that is included, those that can be downloaded, and every configuration. */
export async function listModels({ json }: { json?: boolean }): Promise<number> {
  const models = await found();
  await printResult(json, models, asText(models));
  return EXIT.ok;
}

type Models = Awaited<ReturnType<typeof found>>;

async function found() {
  return {
    cache: cacheDir(),
    shipped: await shipped(),
    downloads: HUB_MODELS.map(download),
    vocabulary: downloaded(findHubModel("clip-vocabulary")),
    configs: listConfigs().map(configRecord),
  };
}

/** The backbone that comes with this program; null in a checkout without it. */
async function shipped() {
  const model = await shippedModel(SHIPPED_MODEL);
  if (!model) return null;
  const { parameters, image, text } = configRecord(parseConfig(await readPlainText(model.config!, 1e6)));
  return { name: SHIPPED_MODEL, parameters, image, text, weights: model.weights };
}

/** A backbone that can be downloaded. `cached` is the path of its weights; null before they are downloaded. */
function download(model: HubModel) {
  const { name, licence, network, files } = model;
  const {
    name: config,
    parameters,
    image,
    text,
  } = network ? networkRecord(network) : configRecord(findConfig(model.config!));
  const { saveAs, sha256 } = files[0];
  // Every file is float32.
  const megabytes = Math.round((4 * parameters) / 1e6);
  const container = model.container ?? (saveAs.endsWith(".safetensors") ? "safetensors" : "PyTorch");
  const facts = { megabytes, container, sha256, licence, cached: downloaded(model) };
  return { name, config, parameters, image, text, ...facts };
}

/** A ResNet with its classifier of 1000 classes, which its file has too. */
function networkRecord(name: string) {
  const config = findResNet(name)!;
  const values = new ResNet(config).parameters().reduce((sum, { size }) => sum + size, 0);
  const parameters = values + 1000 * (widthOf(config, config.blocks.length) + 1);
  return { name, parameters, image: 224, text: false };
}

/** Path of the first of a model's files; null before it is downloaded. */
function downloaded({ files }: HubModel): string | null {
  const path = cachedPath(files[0]);
  return existsSync(path) ? path : null;
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

function asText({ cache, shipped: own, downloads, vocabulary, configs }: Models): string {
  const included = own
    ? `${own.name} comes with this program (${millions(own.parameters)} parameters, images of ${own.image} pixels, ` +
      "knows text), and is used where no other is named.\n\n"
    : "";
  const toDownload = [
    ["name", "parameters", "MB", "image", "text", "file", "sha256", "licence", "cached"],
    ...downloads.map(({ name, parameters, megabytes, image, text, container, sha256, licence, cached }) => {
      const sum = sha256 === "from-hub" ? "hub's" : sha256.slice(0, 8);
      const facts = [text ? "yes" : "no", container, sum, licence, cached ? "here" : ""];
      return [name, millions(parameters), megabytes, image, ...facts];
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
