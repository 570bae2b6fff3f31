import { join } from "node:path";
import { type Check, finite, mapOf, parity, text } from "@inctrl/detect";
import { type Device, openSafetensors, scope, type Tensor, type TensorFile } from "@inctrl/tensor";
import type { Grid } from "../../maps/grid.js";
import { pooled, type ResNet, rowsOf } from "../../resnet/model.js";
import { type Golden, openGolden, shapeIn, type Tolerance } from "../golden.js";
import { hashedResNet, normalised } from "../resnet.js";

/** What a network makes of some images. */
export interface Seen {
  /** [images, width]. */
  readonly features: Tensor;
  /** Patches of layers 1 to 3, [images, patches, width]. */
  readonly layers: readonly Tensor[];
  readonly grids: readonly Grid[];
}

const encode = (resnet: ResNet, pixels: Tensor): Seen =>
  scope(() => {
    const maps = resnet.forward(pixels);
    const used = maps.slice(0, 3);
    return {
      features: pooled(maps[maps.length - 1]),
      layers: used.map(rowsOf),
      grids: used.map(({ shape: [, rows, columns] }) => ({ rows, columns })),
    };
  });

/** What `made.json` says of a folder. */
export interface Facts {
  readonly config: {
    readonly salt: string;
    readonly arch: string;
    readonly shots: number;
    readonly neighbours: number;
    readonly channels: number;
    readonly dims: readonly [pretrain: number, target: number];
    readonly coreset: number;
  };
  readonly tolerances: Readonly<Record<string, number>>;
}

export const MADE: Check = {
  config: {
    ...{ salt: text, arch: text, shots: finite, neighbours: finite, channels: finite, coreset: finite },
    dims: { 0: finite, 1: finite },
  },
  tolerances: mapOf(finite),
};

/** A folder of reference values of CNN methods, its images encoded. */
export interface Folder extends Disposable {
  readonly device: Device;
  readonly path: string;
  readonly config: Facts["config"];
  /** Of the images. */
  readonly size: { readonly width: number; readonly height: number };
  readonly normal: Seen;
  readonly query: Seen;
  /** Opens a file of it. @param kind of its values, which says how close to come. @param without names of what is only read. */
  open(name: string, kind: string, without?: RegExp): Promise<Golden>;
}

/** Opens a folder and encodes its images with weights of the hash. */
export async function openFolder(device: Device, path: string): Promise<Folder> {
  const { config, tolerances } = await parity.readFacts<Facts>(join(path, "made.json"), MADE);
  const images = await openSafetensors(join(path, "images.safetensors"));
  using resnet = await hashedResNet(device, config.arch, config.salt);
  const seen: Seen[] = [];
  try {
    for (const name of ["normal", "query"]) {
      using pixels = await normalised(device, images, name);
      seen.push(encode(resnet, pixels));
    }
    const [, , height, width] = shapeIn(images, "query");
    const [normal, query] = seen;
    return {
      ...{ device, path, config, normal, query, size: { width, height } },
      open: (name, kind, without) =>
        openGolden(path, name, (file) => tolerancesOf(file, tolerances[kind], without)),
      [Symbol.dispose]: () => {
        for (const { features, layers } of seen) for (const each of [features, ...layers]) each.dispose();
      },
    };
  } finally {
    await images.close();
  }
}

/** Shares of the largest value; whole numbers are exact, and -1 stands where rounding decides. */
const tolerancesOf = (file: TensorFile, relative: number, without?: RegExp): Record<string, Tolerance> =>
  Object.fromEntries(
    [...file.tensors]
      .filter(([name]) => !without?.test(name))
      .map(([name, { dtype }]) => [name, dtype === "F32" ? { relative } : { absolute: 0, undecided: -1 }]),
  );
