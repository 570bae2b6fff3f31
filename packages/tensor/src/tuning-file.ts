import type { Caps } from "./device/caps.js";
import type { Device } from "./device/device.js";
import { boundedJson } from "./files/json.js";
import { nodeFiles } from "./files/node-files.js";
import { readPlainText } from "./files/plain-file.js";
import { writeFileAtomic } from "./files/write-file.js";
import { restoreTuning } from "./tune.js";

/** A tile takes about 50 bytes. */
const MAX_BYTES = 1e6;

/**
 * A name for the file of the tiles measured on an adapter. It differs by adapter, driver, kernel family and `version`,
 * since tiles measured with other kernels say nothing about these.
 */
export function tuningFileName({ name, description, family, subgroupSize }: Caps, version: string): string {
  const words = [name, description, family, String(subgroupSize), version].join(" ");
  return `${words.replace(/[^A-Za-z0-9.]+/g, "-").slice(0, 150)}.json`;
}

/**
 * Reads tiles that `saveTuning` wrote into `device.tuning`. A missing or damaged file changes nothing, since the planner's
 * own choice is never far from the best. Node only.
 *
 * @returns how many tiles were taken.
 */
export async function loadTuning(device: Device, path: string): Promise<number> {
  return tuningIn(await readPlainText(path, MAX_BYTES).catch(() => ""), device);
}

/** The same of the file's text. */
export function tuningIn(text: string, device: Pick<Device, "caps" | "tuning">): number {
  try {
    return restoreTuning(
      device,
      (boundedJson(text) as { tiles?: Parameters<typeof restoreTuning>[1] }).tiles ?? {},
    );
  } catch {
    return 0;
  }
}

/**
 * Writes the tiles of `device.tuning` to a file, whole or not at all, and makes its folder. Node only.
 *
 * @throws TensorFileError `write` where the file cannot be written.
 * @example
 * await tuneProducts(device, [[226, 896, 3584]]);
 * await saveTuning(device, join(folder, tuningFileName(device.caps, "1.0")));
 */
export async function saveTuning(device: Device, path: string): Promise<void> {
  const { mkdir } = await nodeFiles(path);
  const { dirname } = await import("node:path");
  await mkdir(dirname(path), { recursive: true });
  const { description, name } = device.caps;
  const document = { adapter: description || name, tiles: Object.fromEntries(device.tuning) };
  await writeFileAtomic(path, `${JSON.stringify(document, null, 2)}\n`);
}
