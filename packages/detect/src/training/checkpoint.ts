import {
  keep,
  type nn,
  type optim,
  type StoredTensor,
  type Tensor,
  TensorFileError,
  tensor,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { openSealed, type SealedFile, writeSealed } from "../files/sealed.js";
import { fits, object, parseJson } from "../shape.js";
import { TrainingError } from "./errors.js";

/** Settings that must match for a stored run to resume: by name, as text. */
export type RunIdentity = Readonly<Record<string, string>>;

const FORMAT = "inctrl-checkpoint";

/**
 * Modules and the optimizers that train them, each under its prefix in a checkpoint. Beside the number of steps they are all
 * that training needs to continue exactly.
 *
 * @example
 * const state = new TrainingState({ heads }, { optimizer });
 * await saveCheckpoint("checkpoint.safetensors", state, identity);
 */
export class TrainingState {
  readonly #modules: [prefix: string, module: nn.Module][];
  readonly #optimizers: [prefix: string, optimizer: optim.Optimizer][];

  constructor(modules: Record<string, nn.Module>, optimizers: Record<string, optim.Optimizer>) {
    this.#modules = Object.entries(modules);
    this.#optimizers = Object.entries(optimizers);
  }

  get steps(): number {
    return this.#optimizers[0][1].steps;
  }

  /** Parameters, statistics and running averages by name, still owned by their modules and optimizers. */
  *tensors(): Generator<[name: string, value: Tensor]> {
    for (const [prefix, module] of this.#modules) {
      for (const [name, value] of module.stateDict()) yield [`${prefix}.${name}`, value];
    }
    for (const [prefix, optimizer] of this.#optimizers) {
      for (const { name, tensors } of optimizer.state().slots) {
        for (const [i, value] of tensors.entries()) yield [`${prefix}.${name}.${i}`, value];
      }
    }
  }

  /** Continues after a step. @param values those of `tensors` at that step; modules and optimizers then own them. */
  restore(step: number, values: ReadonlyMap<string, Tensor>): void {
    for (const [prefix, module] of this.#modules) {
      const names = [...module.stateDict().keys()];
      module.loadStateDict(new Map(names.map((name) => [name, values.get(`${prefix}.${name}`)!])));
    }
    for (const [prefix, optimizer] of this.#optimizers) {
      const slots = optimizer.state().slots.map(({ name, tensors }) => ({
        name,
        tensors: tensors.map((_, i) => values.get(`${prefix}.${name}.${i}`)!),
      }));
      optimizer.restore({ step, slots });
    }
  }

  dispose(): void {
    for (const [, held] of [...this.#optimizers, ...this.#modules]) held.dispose();
  }
}

/**
 * Writes a state as one safetensors file with checksums, whole or not at all.
 *
 * @param records how many records of this step the log beside it holds.
 * @throws TrainingError `diverged` where a value is not finite: what is saved is good.
 */
export async function saveCheckpoint(
  path: string,
  state: TrainingState,
  identity: RunIdentity,
  records?: number,
): Promise<void> {
  const metadata = {
    format: FORMAT,
    step: String(state.steps),
    run: JSON.stringify(identity),
    ...(records !== undefined && { records: String(records) }),
  };
  await writeSealed(path, await readState(state), metadata);
}

/** The values of a state. @throws TrainingError `diverged` where one is not finite. */
export async function readState(state: TrainingState): Promise<Map<string, StoredTensor>> {
  const { steps } = state;
  const tensors = new Map<string, StoredTensor>();
  // Asked for together, all wait for the GPU once.
  const read = [...state.tensors()].map(async ([name, value]) => ({ name, value, data: await value.data() }));
  for (const { name, value, data } of await Promise.all(read)) {
    if (!data.every(Number.isFinite)) {
      throw new TrainingError(
        "diverged",
        `step ${steps}: ${name} is no longer finite; lower the learning rate`,
      );
    }
    tensors.set(name, { dtype: value.dtype === "int32" ? "I32" : "F32", shape: value.shape, data });
  }
  return tensors;
}

/** What a checkpoint says of its run. */
export interface Loaded {
  readonly step: number;
  /** False for a file of a version before checksums. */
  readonly sealed: boolean;
  /** How many records of its step the log has; 0 in files of earlier versions, which do not say. */
  readonly records: number;
}

/**
 * Brings a state to that of a checkpoint.
 *
 * @returns null where there is no file.
 * @throws TrainingError `checkpoint` where the file is none, is damaged, holds a value that is not finite, or belongs to another run:
 * the message says what differs.
 */
export async function loadCheckpoint(
  path: string,
  state: TrainingState,
  identity: RunIdentity,
): Promise<Loaded | null> {
  await using file = await openSealed(path).catch((error: Error) => {
    if (error instanceof TensorFileError && error.code === "not-found") return null;
    throw refusal(path, `is no sound checkpoint (${error.message})`, error);
  });
  if (!file) return null;
  const values = new Map<string, Tensor>();
  try {
    const loaded = checkpointFacts(file, identity);
    for (const [name, { device, shape, dtype }] of state.tensors())
      values.set(name, keep(tensor(device, await checkpointValues(file, name, shape), shape, dtype)));
    state.restore(loaded.step, values);
    return loaded;
  } catch (error) {
    for (const value of values.values()) value.dispose();
    throw error;
  }
}

const refusal = (path: string, why: string, cause?: unknown) =>
  new TrainingError("checkpoint", `${path}: ${why}; begin again, or choose another folder`, { cause });

/** What an open checkpoint says of its run, which must be this one. @throws as `loadCheckpoint`. */
export function checkpointFacts({ path, metadata, sealed }: SealedFile, identity: RunIdentity): Loaded {
  const fail = (why: string) => refusal(path, why);
  const [step, records] = [Number(metadata.step), Number(metadata.records ?? 0)];
  if (metadata.format !== FORMAT || !isCount(step)) throw fail("is no checkpoint");
  const saved = parseJson(metadata.run) as RunIdentity;
  if (!fits(saved, object) || !isCount(records)) throw fail("its description is damaged");
  const names = Object.keys({ ...identity, ...saved });
  const differs = names.find((name) => saved[name] !== identity[name]);
  if (differs !== undefined) {
    const [there, here] = [saved, identity].map((each) => quoted(each[differs] ?? "none"));
    throw fail(`belongs to a run with another ${differs} (${there} there, ${here} here)`);
  }
  return { step, sealed, records };
}

/** The values of one tensor of an open checkpoint. @throws as `loadCheckpoint`. */
export async function checkpointValues(
  file: SealedFile,
  name: string,
  shape: readonly number[],
): Promise<Float32Array> {
  const fail = (why: string, cause?: unknown) => refusal(file.path, why, cause);
  if (file.tensors.get(name)?.shape.join() !== shape.join())
    throw fail(`does not hold ${name} as [${shape.join(", ")}]`);
  const data = await file.readFloat32(name).catch((error) => {
    throw fail(`is damaged (${(error as Error).message})`, error);
  });
  if (!data.every(Number.isFinite)) throw fail(`holds values in ${name} that are not finite`);
  return data;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
