import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ParityCheck, parity } from "@inctrl/detect";
import { type Device, openSafetensors, type Tensor, type TensorFile, tensor } from "@inctrl/tensor";

export type Made = parity.Made;
export type Tolerance = parity.Tolerance;

/** Inputs of a method and the values that it must compute of them. */
export interface Golden {
  /** What the file says of itself. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Throws where the file has no such tensor. */
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

/** Those of a folder whose `tolerances.json` says of each value how close to come. */
const listed = async (folder: string, name: string): Promise<parity.Tolerances> =>
  JSON.parse(await readFile(join(folder, "tolerances.json"), "utf8"))[name];

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
  const shape = (tensorName: string) => file.tensors.get(tensorName)?.shape ?? [];
  return {
    metadata: file.metadata,
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
