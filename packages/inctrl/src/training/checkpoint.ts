import {
  openSafetensors,
  type StoredTensor,
  type TensorFile,
  TensorFileError,
  writeSafetensors,
} from "@inctrl/tensor";
import { quoted } from "@inctrl/tensor/files";
import { InctrlError } from "../errors.js";

/** What must be equal for a run to be continued: by name, as text. */
export type RunIdentity = Readonly<Record<string, string>>;

/** Training whose state fits in a file. */
export interface Resumable {
  state(): Promise<{ step: number; tensors: ReadonlyMap<string, StoredTensor> }>;
  /** @param read gives values by name as float32, of the shape asked for. */
  restore(
    step: number,
    read: (name: string, shape: readonly number[]) => Promise<Float32Array>,
  ): Promise<void>;
}

const FORMAT = "inctrl-checkpoint";

/** Writes a trainer's state as one safetensors file, whole or not at all. */
export async function saveCheckpoint(path: string, trainer: Resumable, identity: RunIdentity): Promise<void> {
  const { step, tensors } = await trainer.state();
  await writeSafetensors(path, tensors, {
    format: FORMAT,
    step: String(step),
    run: JSON.stringify(identity),
  });
}

/**
 * Brings a trainer to the state of a checkpoint.
 *
 * @returns the steps taken; null where there is no file.
 * @throws InctrlError `checkpoint` where the file is none, is damaged, or belongs to another run: the message says what differs.
 */
export async function loadCheckpoint(
  path: string,
  trainer: Resumable,
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
    await trainer.restore(step, async (name, shape) => {
      const stored = file.tensors.get(name);
      if (stored?.shape.join() !== shape.join()) throw fail(`does not hold ${name} as [${shape.join(", ")}]`);
      return file.readFloat32(name);
    });
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
