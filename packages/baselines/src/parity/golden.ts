import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ParityCheck, parity } from "@inctrl/detect";
import { type Device, openSafetensors, type Tensor, type TensorFile, tensor } from "@inctrl/tensor";

const { compare, largestOf } = parity;

/** Values that a program computed, as numbers on the host or on the device. */
export type Made = Record<string, Tensor | ArrayLike<number>>;

/**
 * How far a value may be from its counterpart: an absolute difference, or a share of the counterpart's largest. Whole numbers are equal,
 * but where the counterpart is the one that says that rounding decides.
 */
export type Tolerance =
  | { readonly absolute: number; readonly undecided?: number }
  | { readonly relative: number };

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

/** Tolerances of the values in a file, by name. */
type Tolerances = Readonly<Record<string, Tolerance>>;

/** Those of a folder whose `tolerances.json` says of each value how close to come. */
const listed = async (folder: string, name: string): Promise<Tolerances> =>
  JSON.parse(await readFile(join(folder, "tolerances.json"), "utf8"))[name];

/**
 * Opens `NAME.safetensors` of a folder.
 *
 * @param tolerances of its values; by default as its `tolerances.json` says.
 */
export async function openGolden(
  folder: string,
  name: string,
  tolerances?: (file: TensorFile) => Tolerances,
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
    async compare(made) {
      const checks: ParityCheck[] = [];
      for (const [key, tolerance] of Object.entries<Tolerance>(wanted)) {
        const label = `${name}: ${key}`;
        const own = made[key];
        if (own === undefined) {
          const reason = "not a value this program computes";
          checks.push({ name: label, maxAbs: null, tolerance: 0, ok: false, reason });
          continue;
        }
        const want = await read(key);
        const got = "dtype" in own ? await (own as Tensor).data() : own;
        const far = "absolute" in tolerance ? tolerance.absolute : tolerance.relative * largestOf(want);
        const open = "absolute" in tolerance ? tolerance.undecided : undefined;
        checks.push(compare(label, open === undefined ? got : decided(got, want, open), want, far));
      }
      for (const own of Object.values(made)) if ("dtype" in own) (own as Tensor).dispose();
      return checks;
    },
  };
}

/** What was computed, where the counterpart says something of it. */
const decided = (got: ArrayLike<number>, want: Float32Array, open: number): number[] =>
  Array.from(got, (value, i) => (want[i] === open ? open : value));
