import { join } from "node:path";
import { cacheDir } from "@inctrl/clip";
import {
  type Caps,
  type Device,
  describeProcessor,
  openDevice,
  prepareTuning,
  readProcessor,
  type TunedProduct,
  tuningFileName,
} from "@inctrl/tensor";
import { info, warn } from "./ui/log.js";
import { version } from "./version.js";

/** The file of the tiles that were measured on an adapter, and on a software adapter's processor, with this version. */
export const tuningPath = async (caps: Caps): Promise<string> =>
  join(cacheDir(), "tuning", tuningFileName(caps, version(), await readProcessor()));

/** Brings a device the tiles kept for it. Their rule is measured at first use, unless INCTRL_TUNING is `off`. */
export async function tuneDevice(device: Device): Promise<void> {
  const path = await tuningPath(device.caps);
  const measure = process.env.INCTRL_TUNING !== "off";
  const found = await prepareTuning(device, path, { measure, onNotice: warn });
  const processor = found && device.caps.software && (await readProcessor());
  if (found)
    info(
      `measured once for ${processor ? describeProcessor(processor) : adapterName(device.caps)}: tiles of ${tileName(found.best)}, ` +
        `${(found.plannedMs / found.bestMs).toFixed(2)} times as fast as the default`,
    );
}

/** A tile for people: rows x columns of a lane, and the values of k of a turn; on GPUs those of a workgroup before them. */
export function tileName({ kind, lanes, lines, rows, vectors, steps }: TunedProduct["best"]): string {
  const own = `${rows}x${4 * vectors} by ${steps}`;
  return kind === "workgroup" ? `${lines * rows}x${4 * vectors * lanes} of ${own}` : own;
}

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
    await tuneDevice(device);
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
