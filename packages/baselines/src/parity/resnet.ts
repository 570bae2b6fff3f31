import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  type Check,
  DetectError,
  finite,
  hashedImage,
  hashedParameters,
  listOf,
  mapOf,
  type ParityCheck,
  parity,
  text,
} from "@inctrl/detect";
import {
  type Device,
  div,
  nn,
  openSafetensors,
  permute,
  scope,
  sub,
  type Tensor,
  type TensorFile,
  tensor,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { openEmbedder } from "../patchcore/embedding.js";
import { findResNet, type ResNetConfig } from "../resnet/config.js";
import { pooled, ResNet, rowsOf } from "../resnet/model.js";
import { RESNET_PREPROCESS } from "../resnet/preprocess.js";
import { type Made, openGolden, samples, shapeIn, taken } from "./golden.js";

const { compare, largestOf } = parity;

/** Maps and features, as shares of the largest value (golden/baselines-cnn/README.md). */
const TOLERANCE = 1e-4;

const normOf = (values: Float32Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

function named(name: string): ResNetConfig {
  const config = findResNet(name);
  if (config) return config;
  throw new DetectError(
    "parity",
    `the reference values are of the network ${quoted(name)}, which is not known`,
  );
}

/** A network whose weights come from the fixture's hash. */
export async function hashedResNet(device: Device, name: string, salt = ""): Promise<ResNet> {
  const resnet = new ResNet(named(name)).freeze();
  await nn.fill(device, resnet.namedParameters(), hashedParameters(salt));
  return resnet;
}

/** 8-bit images of a file, [n, 3, h, w], as networks see them. */
export async function normalised(device: Device, images: TensorFile, name: string): Promise<Tensor> {
  const pixels = await images.readFloat32(name);
  const shape = shapeIn(images, name);
  return scope(() => {
    const { mean, std } = RESNET_PREPROCESS;
    const each = (values: readonly number[]) => tensor(device, [...values], [3, 1, 1]);
    return div(sub(div(tensor(device, pixels, shape), 255), each(mean)), each(std));
  });
}

type Values = Record<string, Float32Array>;

/** What a network makes of pixels: maps with their channels first, `layer4.mean`, `avgpool`. */
async function outputsOf(resnet: ResNet, pixels: Tensor): Promise<Values> {
  const made = scope(() => {
    const maps = resnet.forward(pixels);
    const first = maps.map((map, i) => [`layer${i + 1}`, permute(map, [0, 3, 1, 2])] as const);
    return Object.fromEntries([...first, ["avgpool", pooled(maps[maps.length - 1])]]);
  });
  const values: Values = {};
  for (const [name, value] of Object.entries(made)) values[name] = await taken(value);
  return values;
}

/** PatchCore's default embedding of layers 2 and 3, a row a patch. */
async function embeddedRows(resnet: ResNet, pixels: Tensor): Promise<Float32Array> {
  return taken(
    scope(() => {
      const maps = resnet.forward(pixels, 3).slice(1);
      const grids = maps.map(({ shape: [, rows, columns] }) => ({ rows, columns }));
      const widths = maps.map(({ shape }) => shape[3]);
      using embedder = openEmbedder(pixels.device, widths);
      return embedder.embed(maps.map(rowsOf), grids);
    }),
  );
}

/** The convolutions of a block with their norms folded in. */
async function foldedValues(device: Device, name: string, salt: string): Promise<Values> {
  using resnet = new ResNet(named(name));
  const block = resnet.layer2[0];
  const wanted = [...block.namedParameters("layer2.0.")];
  await nn.fill(device, new Map(wanted), hashedParameters(salt));
  const values: Values = {};
  for (const [key, [conv, norm]] of block.convolutions()) {
    const { scale, shift } = norm.folded();
    const factors = await scale.data();
    const weight = await conv.weight.value.data();
    const each = weight.length / factors.length;
    values[`folded.layer2.0.${key}.weight`] = weight.map((v, i) => v * factors[Math.floor(i / each)]);
    values[`folded.layer2.0.${key}.bias`] = await shift.data();
    for (const t of [scale, shift]) t.dispose();
  }
  return values;
}

/** What `full-size.json` says of each layer of a network at 224 pixels. */
export interface FullSize {
  readonly salt: string;
  readonly models: Readonly<Record<string, Readonly<Record<string, Summary>>>>;
}

export interface Summary {
  readonly norm: number;
  readonly sum: number;
  readonly max: number;
  readonly samples: readonly number[];
}

/** What `Summary` is in a file. */
export const SUMMARY: Check = { norm: finite, sum: finite, max: finite, samples: listOf(finite) };
export const FULL_SIZE: Check = { salt: text, models: mapOf(mapOf(SUMMARY)) };

/** `full-size.json` of a folder; null where there is none. */
export async function readFullSize(folder: string): Promise<FullSize | null> {
  const path = join(folder, "full-size.json");
  return existsSync(path) ? parity.readFacts(path, FULL_SIZE) : null;
}

export const SIDE = 224;

/** Norm, sum, largest and samples of values. */
export function summaryChecks(
  name: string,
  values: Float32Array,
  want: Summary,
  tolerance = TOLERANCE,
): ParityCheck[] {
  const [sum, size] = [(v: number) => v, Math.abs].map((of) => values.reduce((total, v) => total + of(v), 0));
  const got = { norm: normOf(values), sum, max: largestOf(values) };
  // Values of both signs may sum to nearly nothing.
  const scale = { norm: want.norm, sum: size, max: want.max };
  const totals = (["norm", "sum", "max"] as const).map((key) =>
    compare(`${name} ${key}`, [got[key]], [want[key]], tolerance * scale[key]),
  );
  const some = samples(values, want.samples.length);
  return [...totals, compare(`${name} samples`, some, want.samples, tolerance * want.max)];
}

/**
 * Every map and feature of `backbone.safetensors` and `full-size.json`; each network is built once.
 *
 * @param wanted says which networks are built, whose weights a hash makes value by value. Default: all.
 */
export async function resnetChecks(
  device: Device,
  folder: string,
  wanted: (network: string) => boolean = () => true,
): Promise<ParityCheck[]> {
  const full = await readFullSize(folder);
  /** Built networks; no value of others is compared. */
  let networks: string[] = [];
  const golden = await openGolden(folder, "backbone", ({ tensors, metadata }) => {
    const [named, others] = [
      [...tensors.keys()].map((name) => name.split(".")[0]),
      Object.keys(full?.models ?? {}),
    ];
    networks = [...new Set([metadata.arch, ...named, ...others])].filter(
      (network) => findResNet(network) && wanted(network),
    );
    const compared = [...tensors.keys()].filter((name) => {
      const [first] = name.split(".");
      return !findResNet(first) || networks.includes(first);
    });
    return Object.fromEntries(compared.map((name) => [name, { relative: TOLERANCE }]));
  });
  const images = await openSafetensors(join(folder, "images.safetensors"));
  const { arch, salt } = golden.metadata;
  const checks: ParityCheck[] = [];
  try {
    const made = await foldedValues(device, arch, salt);
    for (const network of networks) {
      using resnet = await hashedResNet(device, network, salt);
      const prefix = network === arch ? "" : `${network}.`;
      for (const set of network === arch ? ["normal", "query"] : ["query"]) {
        using pixels = await normalised(device, images, set);
        const count = pixels.shape[0];
        const values = await outputsOf(resnet, pixels);
        const all = { ...values, "layer4.mean": values.avgpool };
        for (const [name, values] of Object.entries(all)) {
          made[`${prefix}${set}.${name}`] = values;
          made[`${prefix}${set}0.${name}`] = values.subarray(0, values.length / count);
        }
        made[`input.${set}0`] = (await pixels.data()).subarray(0, pixels.size / count);
      }
      const embedded = `${prefix}query0.patchcore1024.rows`;
      if (golden.has(embedded)) {
        const [rows, width] = golden.shape(embedded);
        using pixels = await normalised(device, images, "query");
        made[embedded] = (await embeddedRows(resnet, pixels)).subarray(0, rows * width);
      }
      const layers = full?.models[network];
      if (!full || !layers) continue;
      using image = tensor(device, hashedImage(`${full.salt}image0`, SIDE), [1, 3, SIDE, SIDE]);
      const values = await outputsOf(resnet, image);
      values.patchcore1024 = await embeddedRows(resnet, image);
      for (const [layer, want] of Object.entries(layers)) {
        const own = Object.hasOwn(values, layer) ? values[layer] : new Float32Array(0);
        checks.push(...summaryChecks(`full size: ${network}.${layer}`, own, want));
      }
    }
    const all: Made = { ...made };
    for (const name of golden.names("")) {
      const [, key, form] = /^(.*)\.(samples|norm)$/.exec(name) ?? [];
      if (made[key])
        all[name] = form === "norm" ? [normOf(made[key])] : samples(made[key], golden.shape(name)[0]);
    }
    checks.push(...(await golden.compare(all)));
  } finally {
    await golden.close();
    await images.close();
  }
  return checks;
}
