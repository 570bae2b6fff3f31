import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import { writeFileAtomic } from "@inctrl/datasets";
import { type Caps, type Device, restoreTuning } from "@inctrl/tensor";
import { z } from "zod";
import { version } from "../version.js";

const fileForm = z.object({ adapter: z.string(), tiles: z.record(z.string(), z.unknown()) });

/** Where the tiles measured on an adapter are kept: a file for each adapter, driver, kernel family and version of this package. */
export function tuningPath({ name, description, family, subgroupSize }: Caps): string {
  const words = [name, description, family, String(subgroupSize), version()].join(" ");
  const slug = words.replace(/[^A-Za-z0-9.]+/g, "-").slice(0, 150);
  return join(cacheDir(), "tuning", `${slug}.json`);
}

/** Takes up what `inctrl tune` found for this adapter; a missing or broken file changes nothing. */
export async function applyTuning(device: Device): Promise<void> {
  const text = await readFile(tuningPath(device.caps), "utf8").catch(() => null);
  if (text === null) return;
  try {
    restoreTuning(device, fileForm.parse(JSON.parse(text)).tiles);
  } catch {
    // Written by hand or cut off: the planner's own choice is never far from the best.
  }
}

/** Keeps the device's tiles for later runs and tells where. */
export async function saveTuning(device: Device): Promise<string> {
  const path = tuningPath(device.caps);
  await mkdir(dirname(path), { recursive: true });
  const { description, name } = device.caps;
  const document = { adapter: description || name, tiles: Object.fromEntries(device.tuning) };
  await writeFileAtomic(path, `${JSON.stringify(document, null, 2)}\n`);
  return path;
}
