import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import { type Caps, type Device, loadTuning, openDevice, tuningFileName } from "@inctrl/tensor";
import { warn } from "./ui/log.js";
import { version } from "./version.js";

/** The file of the tiles that `inctrl tune` measured on an adapter with this version. */
export const tuningPath = (caps: Caps): string => join(cacheDir(), "tuning", tuningFileName(caps, version()));

/** Runs a job on a device, and closes the device however the job ends. */
export async function withDevice<T>(
  adapter: string | undefined,
  job: (device: Device) => Promise<T>,
): Promise<T> {
  const device = await openDevice({ adapter, onNotice: warn });
  try {
    await loadTuning(device, tuningPath(device.caps));
    return await job(device);
  } finally {
    device.close();
  }
}

/** An adapter's name for people: "llvmpipe: Mesa 25.0.7" instead of "llvmpipe-llvm-15-0-6-256-bits-". */
export function adapterName({ name, description }: Caps): string {
  return description || name;
}
