import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import { type Caps, type Device, loadTuning, openDevice, tuningFileName } from "@inctrl/tensor";
import { warn } from "./ui/log.js";
import { version } from "./version.js";

/** The file of the tiles that `inctrl tune` measured on an adapter with this version. */
export const tuningPath = (caps: Caps): string => join(cacheDir(), "tuning", tuningFileName(caps, version()));

/** Devices that stay open between runs, by adapter; null where each run closes its own. */
let shared: Map<string, Device> | null = null;

/** From now on the runs of this process share a device, and so its compiled kernels. @returns what closes the devices. */
export function shareDevices(): () => void {
  const devices = new Map<string, Device>();
  shared = devices;
  return () => {
    for (const device of devices.values()) device.close();
  };
}

/** A device with its tuning, and what closes it, unless it is shared. */
export async function acquireDevice(adapter: string | undefined): Promise<{ device: Device; close(): void }> {
  const key = adapter ?? process.env.INCTRL_ADAPTER ?? "";
  const device = shared?.get(key) ?? (await openDevice({ adapter, onNotice: warn }));
  shared?.set(key, device);
  const close = () => {
    if (!shared) device.close();
  };
  try {
    await loadTuning(device, tuningPath(device.caps));
  } catch (error) {
    close();
    throw error;
  }
  return { device, close };
}

/** Runs a job on a device, and closes the device however the job ends, unless it is shared. */
export async function withDevice<T>(
  adapter: string | undefined,
  job: (device: Device) => Promise<T>,
): Promise<T> {
  const { device, close } = await acquireDevice(adapter);
  try {
    return await job(device);
  } finally {
    close();
  }
}

/** An adapter's name for people: "llvmpipe: Mesa 25.0.7" instead of "llvmpipe-llvm-15-0-6-256-bits-". */
export function adapterName({ name, description }: Caps): string {
  return description || name;
}
