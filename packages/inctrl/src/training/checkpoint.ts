import {
  keep,
  type nn,
  openSafetensors,
  type optim,
  type StoredTensor,
  type Tensor,
  type TensorFile,
  TensorFileError,
  tensor,
  writeSafetensors,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { InctrlError } from "../errors.js";

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
 * Writes a state as one safetensors file, whole or not at all.
 *
 * @throws InctrlError `diverged` where a value is not finite: what is saved is good.
 */
export async function saveCheckpoint(
  path: string,
  state: TrainingState,
  identity: RunIdentity,
): Promise<void> {
  const { steps } = state;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of state.tensors()) {
    const data = await value.data();
    if (!data.every(Number.isFinite)) {
      throw new InctrlError(
        "diverged",
        `step ${steps}: ${name} is no longer finite; lower the learning rate`,
      );
    }
    tensors.set(name, { dtype: value.dtype === "int32" ? "I32" : "F32", shape: value.shape, data });
  }
  const metadata = { format: FORMAT, step: String(steps), run: JSON.stringify(identity) };
  await writeSafetensors(path, tensors, metadata);
}

/**
 * Brings a state to that of a checkpoint.
 *
 * @returns the steps taken; null where there is no file.
 * @throws InctrlError `checkpoint` where the file is none, is damaged, or belongs to another run: the message says what differs.
 */
export async function loadCheckpoint(
  path: string,
  state: TrainingState,
  identity: RunIdentity,
): Promise<number | null> {
  const fail = (why: string, cause?: unknown) =>
    new InctrlError("checkpoint", `${path}: ${why}; begin again, or choose another folder`, { cause });
  let file: TensorFile;
  try {
    file = await openSafetensors(path);
  } catch (error) {
    if (error instanceof TensorFileError && error.code === "not-found") return null;
    throw fail("is no sound checkpoint", error);
  }
  try {
    const step = Number(file.metadata.step);
    if (file.metadata.format !== FORMAT || !Number.isSafeInteger(step) || step < 0)
      throw fail("is no checkpoint");
    const saved = parseIdentity(file.metadata.run);
    if (!saved) throw fail("its description is damaged");
    const differs = Object.keys(identity).find((name) => saved[name] !== identity[name]);
    if (differs !== undefined) {
      throw fail(
        `belongs to a run with another ${differs} (${quoted(saved[differs] ?? "none")} there, ${quoted(identity[differs])} here)`,
      );
    }
    const values = new Map<string, Tensor>();
    for (const [name, { device, shape, dtype }] of state.tensors()) {
      const stored = file.tensors.get(name);
      if (stored?.shape.join() !== shape.join()) throw fail(`does not hold ${name} as [${shape.join(", ")}]`);
      values.set(name, keep(tensor(device, await file.readFloat32(name), shape, dtype)));
    }
    state.restore(step, values);
    return step;
  } finally {
    await file.close();
  }
}

function parseIdentity(text: string | undefined): (Record<string, unknown> & RunIdentity) | null {
  try {
    const parsed = JSON.parse(text ?? "");
    return typeof parsed === "object" && parsed !== null ? parsed : null;
  } catch {
    return null;
  }
}
