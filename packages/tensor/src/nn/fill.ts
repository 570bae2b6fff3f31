import { tensor } from "../create.js";
import type { Device } from "../device/device.js";
import type { Parameter } from "./parameter.js";

/**
 * Gives a parameter's values by its name: from a checkpoint, an initialiser, a formula. `into` may be used for them where it
 * is long enough; they are needed until the next are asked for.
 */
export type ReadParameter = (
  name: string,
  parameter: Parameter,
  into?: Float32Array,
) => Float32Array | Promise<Float32Array>;

/** Bytes uploaded together; at most two such groups are under way, so that staging memory is used again. */
const GROUP_BYTES = 8 * 2 ** 20;

/**
 * Fills parameters one after the other, so that the host never holds more than one of them. Those of a frozen module are packed
 * as they arrive. Where reading fails, what was filled is freed.
 *
 * @param parameters a module's `namedParameters()`, or some of them.
 * @param onProgress called after each parameter with the number of values so far, and in all.
 * @example
 * await nn.fill(device, model.freeze().namedParameters(), (name) => file.readFloat32(name));
 */
export async function fill(
  device: Device,
  parameters: ReadonlyMap<string, Parameter>,
  read: ReadParameter,
  onProgress?: (filled: number, total: number) => void,
): Promise<void> {
  const sizes = [...parameters.values()].map(({ size }) => size);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // One array serves all parameters: the first touch of fresh memory costs more than reading a file into it.
  const scratch = new Float32Array(sizes.reduce((largest, size) => Math.max(largest, size), 0));
  let filled = 0;
  let pending = 0;
  let working: Promise<void> = Promise.resolve();
  try {
    for (const [name, parameter] of parameters) {
      const values = await read(name, parameter, scratch);
      parameter.set(tensor(device, values, parameter.shape, parameter.dtype));
      filled += values.length;
      pending += values.byteLength;
      if (pending >= GROUP_BYTES) {
        await working;
        working = device.sync();
        // A failure is thrown where it is awaited, at the next group.
        working.catch(() => {});
        pending = 0;
      }
      onProgress?.(filled, total);
    }
    await working;
    await device.sync();
  } catch (error) {
    for (const parameter of parameters.values()) parameter.dispose();
    throw error;
  }
  // Packing borrowed more memory than the model needs again.
  device.trim();
}
