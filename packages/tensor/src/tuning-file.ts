import type { Caps } from "./device/caps.js";
import type { Device } from "./device/device.js";
import { describeProcessor, type Processor } from "./device/processor.js";
import { boundedJson } from "./files/json.js";
import { nodeFiles } from "./files/node-files.js";
import { readPlainText } from "./files/plain-file.js";
import { writeFileAtomic } from "./files/write-file.js";
import { RULE_KEY } from "./kernels/tuning.js";
import { restoreTuning, type TunedProduct, tuneRule } from "./tune.js";
import { type TunedMatrices, tuneMatrices } from "./tune-matrices.js";

/** A tile takes about 50 bytes. */
const MAX_BYTES = 1e6;

/**
 * A name for the file of the tiles measured on an adapter. It differs by adapter, driver, kernel family and `version`, since tiles measured
 * with other kernels say nothing about these, and for software adapters by processor, which decides what is fast.
 */
export function tuningFileName(
  { name, description, family, subgroupSize, software }: Caps,
  version: string,
  processor: Processor | null,
): string {
  const on = software && processor ? describeProcessor(processor) : "";
  const words = [on, name, description, family, String(subgroupSize), version].join(" ").trim();
  return `${words.replace(/[^A-Za-z0-9.]+/g, "-").slice(0, 200)}.json`;
}

/**
 * Gives a device the tiles that were kept for it in a file. Where the file has no rule for this adapter, `measure` has `tuneRule` find it,
 * once: the file is then written again. Where subgroup matrices were asked for, `tuneMatrices` does the same for them. What goes wrong
 * costs only speed, so it becomes a line for `onNotice`, and so does what was found of matrices. Node only.
 *
 * @returns what was measured now, if anything was.
 * @example
 * const path = join(folder, tuningFileName(device.caps, "1.0", await readProcessor()));
 * await prepareTuning(device, path, { onNotice: console.warn });
 */
export async function prepareTuning(
  device: Device,
  path: string,
  { measure = true, onNotice }: { measure?: boolean; onNotice?: (text: string) => void } = {},
): Promise<TunedProduct | null> {
  await loadTuning(device, path);
  try {
    const matrices = await tuneMatrices(device, { measure });
    const notice = matrices && describeMatrices(matrices);
    if (notice) onNotice?.(notice);
    const found = measure && !device.tuning.has(RULE_KEY) ? await tuneRule(device) : null;
    if (found || notice) await saveTuning(device, path);
    return found;
  } catch (error) {
    onNotice?.(
      `the fastest kernels of this adapter are not kept, and are looked for again next time: ${(error as Error).message}`,
    );
    return null;
  }
}

/** What was found of matrices now, in a line; null where a file told. */
function describeMatrices({ used, error, products }: TunedMatrices): string | null {
  if (!(error <= 1))
    return `the GPU's matrices compute wrongly (${error.toPrecision(3)} times the bound) and are not used; update its driver`;
  if (products.length === 0) return null;
  const ratios = products.map(({ plainMs, matrixMs }) => (plainMs / matrixMs).toFixed(2)).join(" and ");
  return `products with float16 weights ${used ? "use" : "do not use"} the GPU's matrices: ${ratios} times as fast, measured once`;
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
 * await saveTuning(device, join(folder, tuningFileName(device.caps, "1.0", await readProcessor())));
 */
export async function saveTuning(device: Device, path: string): Promise<void> {
  const { mkdir } = await nodeFiles(path);
  const { dirname } = await import("node:path");
  await mkdir(dirname(path), { recursive: true });
  const { description, name } = device.caps;
  const document = { adapter: description || name, tiles: Object.fromEntries(device.tuning) };
  await writeFileAtomic(path, `${JSON.stringify(document, null, 2)}\n`);
}
