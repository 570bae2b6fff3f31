import { openCheckpoint, requireFinite } from "@inctrl/clip";
import type { nn } from "@inctrl/tensor";
import { quoted, type TensorFile } from "@inctrl/tensor/files";
import { BaselineError } from "../errors.js";
import { RegistrationNetwork } from "../regad/network.js";
import { type Registration, registrationIn } from "../regad/shape.js";
import { nameOf, planesOf, type ResNetConfig } from "./config.js";
import { ResNet } from "./model.js";

/** A ResNet's tensors in a file, held against the network that they make. */
export interface ResNetWeights {
  readonly path: string;
  readonly file: TensorFile;
  readonly config: ResNetConfig;
  /** Of a network with RegAD's transformers; else null. */
  readonly registration: Registration | null;
  /** Reads the network's parameters. */
  readonly read: nn.ReadParameter;
  /** Stored number types, such as "F32". */
  readonly dtype: string;
  close(): Promise<void>;
}

/** Kinds of ResNets that are not of torchvision's form, told by a name or a shape in them. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/^conv1\.\d+\.weight$/, "a stem of three convolutions (timm's d, s and t variants)"],
  [/\.se\.|\.se_module\./, "squeeze-and-excitation (SE-ResNet)"],
  [/\.attn\.|\.eca\./, "attention in its blocks"],
  [/\.aa\./, "antialiased strides"],
  [/\.(?:gn|ln)\d*\.|\.norm\d*\.(?:weight|bias)$/, "norms that are not batch norms"],
];

/** Parts that a network without a classifier does not need. */
const UNUSED = /^fc\.(?:weight|bias)$|\.num_batches_tracked$/;

/** Whether names, without a prefix, are those of a ResNet of whatever kind. */
const isResNet = (names: readonly string[]): boolean =>
  names.some((name) => /^conv1(?:\.\d+)?\.weight$/.test(name)) &&
  names.some((name) => /^layer1\.0\.conv1\.weight$/.test(name));

/** What stands before a ResNet's names, such as "module."; undefined where there is none in the file. */
function prefixOf(names: readonly string[]): string | undefined {
  const ends = names.filter((name) => name.endsWith("layer1.0.conv1.weight"));
  const prefixes = ends.map((name) => name.slice(0, -"layer1.0.conv1.weight".length));
  return prefixes.sort((a, b) => a.length - b.length).find((prefix) => isResNet(below(names, prefix)));
}

const below = (names: readonly string[], prefix: string): string[] =>
  names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));

/**
 * Opens a ResNet's checkpoint of any container that `openCheckpoint` reads. The shapes tell which network it is; it may end after any
 * layer, and a classifier is passed over.
 *
 * @param mode what RegAD's transformers do, where the file does not tell.
 * @returns null where the file's names are not those of a ResNet.
 * @throws BaselineError `weights` for other kinds of ResNets, and for tensors that are missing, left over or of other shapes; ClipError
 * for files that are no checkpoints.
 * @example
 * const weights = await openResNet("wide_resnet50_2-95faca4d.pth");
 * weights?.config.name; // "wide_resnet50_2"
 */
export async function openResNet(path: string, mode?: string): Promise<ResNetWeights | null> {
  const file = await openCheckpoint(path);
  try {
    const weights = resNetIn(file, mode);
    if (weights === null) await file.close();
    return weights;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The same of an open file. */
export function resNetIn(file: TensorFile, mode?: string): ResNetWeights | null {
  const names = [...file.tensors.keys()];
  const prefix = prefixOf(names);
  if (prefix === undefined) return null;
  const own = below(names, prefix);
  const fail = (why: string) => new BaselineError("weights", `${file.path}: ${why}`);
  const other = OTHERS.find(([sign]) => own.some((name) => sign.test(name)));
  if (other)
    throw fail(
      `is a ResNet with ${other[1]}; networks of torchvision's form are read, such as resnet18 and wide_resnet50_2`,
    );
  const shape = (name: string) => file.tensors.get(prefix + name)?.shape;
  const config = configOf(own, shape);
  const [middle, depth] = [shape("layer1.0.conv1.weight")?.[0], shape("layer1.0.conv2.weight")?.[1]];
  if (middle !== depth)
    throw fail(
      `is a ResNet with ${(middle ?? 0) / (depth ?? 1)} groups of channels; networks without groups are read`,
    );
  const { blocks } = config;
  const found = registrationIn(own, shape, { ...file.metadata, ...(mode && { mode }) }, fail);
  const registration = found && { ...found, blocks };
  const network = registration ? new RegistrationNetwork(registration) : new ResNet(config);
  const wanted = network.namedParameters();
  const list = (some: readonly string[]) =>
    `${some.slice(0, 3).map(quoted).join(", ")}${some.length > 3 ? ` and ${some.length - 3} more` : ""}`;
  const missing = [...wanted.keys()].filter((name) => !UNUSED.test(name) && shape(name) === undefined);
  if (missing.length > 0) throw fail(`is ${config.name} without ${list(missing)}; take the whole file`);
  const left = own.filter((name) => !wanted.has(name) && !UNUSED.test(name));
  if (left.length > 0)
    throw fail(`holds ${list(left)} besides ${config.name}; networks of torchvision's form are read`);
  for (const [name, { shape: want }] of wanted) {
    const got = shape(name);
    if (got && !UNUSED.test(name) && got.join() !== want.join())
      throw fail(`${quoted(name)} is [${got.join(", ")}] and must be [${want.join(", ")}] in ${config.name}`);
  }
  return {
    path: file.path,
    file,
    config,
    registration,
    dtype: file.tensors.get(`${prefix}conv1.weight`)!.dtype,
    async read(name, { size }, into) {
      if (UNUSED.test(name)) return new Float32Array(size);
      return requireFinite(await file.readFloat32(prefix + name, into), file.path, prefix + name);
    },
    close: () => file.close(),
  };
}

/** The network that names and shapes make. */
function configOf(
  names: readonly string[],
  shape: (name: string) => readonly number[] | undefined,
): ResNetConfig {
  const blocks: number[] = [];
  for (let layer = 1; layer <= 4; layer++) {
    const count = names.filter((name) =>
      new RegExp(`^layer${layer}\\.\\d+\\.conv1\\.weight$`).test(name),
    ).length;
    if (count === 0) break;
    blocks.push(count);
  }
  const middle = shape("layer1.0.conv1.weight")?.[0] ?? planesOf(1);
  const bottleneck = names.includes("layer1.0.conv3.weight") ? middle : null;
  return { name: nameOf({ blocks, bottleneck }), blocks, bottleneck };
}
