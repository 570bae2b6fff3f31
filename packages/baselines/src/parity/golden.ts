import { join } from "node:path";
import { type Check, DetectError, mapOf, type ParityCheck, parity } from "@inctrl/detect";
import { type Device, openSafetensors, type Tensor, type TensorFile, tensor } from "@inctrl/tensor";

export type Made = parity.Made;
export type Tolerance = parity.Tolerance;

/** Inputs of a method and the values that it must compute of them. */
export interface Golden {
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Whether the file has such a tensor. The functions below throw where it has none. */
  has(name: string): boolean;
  shape(name: string): readonly number[];
  read(name: string): Promise<Float32Array>;
  /** Whole numbers. */
  numbers(name: string): Promise<number[]>;
  /** A tensor on a device, the caller's. */
  tensor(device: Device, name: string): Promise<Tensor>;
  /** Names that begin with a text. */
  names(prefix: string): string[];
  /** Every value of the file that has a tolerance against what was made of it; frees the tensors made. */
  compare(made: Made): Promise<ParityCheck[]>;
  close(): Promise<void>;
}

/** How close to come, by the name of a file and of its value. */
export const TOLERANCES: Check = mapOf(
  mapOf((value) => {
    const { absolute, relative } = (value ?? {}) as Record<string, unknown>;
    return Number.isFinite(absolute ?? relative);
  }),
);

/** Those of a folder whose `tolerances.json` says of each value how close to come. */
async function listed(folder: string, name: string): Promise<parity.Tolerances> {
  const path = join(folder, "tolerances.json");
  const all = await parity.readFacts<Record<string, parity.Tolerances>>(path, TOLERANCES);
  if (Object.hasOwn(all, name)) return all[name];
  throw new DetectError("parity", `${path}: says nothing of ${name}.safetensors`);
}

/** The shape of a tensor in a file. @throws DetectError `parity` where it has none of that name. */
export function shapeIn({ path, tensors }: TensorFile, name: string): readonly number[] {
  const stored = tensors.get(name);
  if (stored) return stored.shape;
  throw new DetectError("parity", `${path}: has no ${JSON.stringify(name)}`);
}

/**
 * Opens `NAME.safetensors` of a folder.
 *
 * @param tolerances of its values; by default as its `tolerances.json` says.
 */
export async function openGolden(
  folder: string,
  name: string,
  tolerances?: (file: TensorFile) => parity.Tolerances,
): Promise<Golden> {
  const file = await openSafetensors(join(folder, `${name}.safetensors`));
  const wanted = tolerances?.(file) ?? (await listed(folder, name));
  const read = (tensorName: string) => file.readFloat32(tensorName);
  const shape = (tensorName: string) => shapeIn(file, tensorName);
  return {
    metadata: file.metadata,
    has: (tensorName) => file.tensors.has(tensorName),
    shape,
    read,
    numbers: async (tensorName) => Array.from(await read(tensorName)),
    tensor: async (device, tensorName) => tensor(device, await read(tensorName), shape(tensorName)),
    names: (prefix) => [...file.tensors.keys()].filter((each) => each.startsWith(prefix)),
    close: () => file.close(),
    compare: (made) => parity.compareFile(file, made, wanted, `${name}: `),
  };
}

/** "samples" of the folders' files: flat[(7919 j) mod size]. */
export const samples = (values: ArrayLike<number>, count: number): number[] =>
  Array.from({ length: count }, (_, j) => values[(7919 * j) % values.length]);

/** The values of a tensor, which it frees. */
export async function taken(x: Tensor): Promise<Float32Array> {
  try {
    return (await x.data()) as Float32Array;
  } finally {
    x.dispose();
  }
}
