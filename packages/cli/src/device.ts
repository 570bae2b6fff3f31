import { type Caps, type Device, openDevice } from "@inctrl/tensor";
import { applyTuning } from "./tuning/file.js";
import { warn } from "./ui/log.js";

/** Runs a job on a device and closes the device, whatever comes of it. */
export async function withDevice<T>(
  adapter: string | undefined,
  job: (device: Device) => Promise<T>,
): Promise<T> {
  const device = await openDevice({ adapter, onNotice: warn });
  try {
    await applyTuning(device);
    return await job(device);
  } finally {
    device.close();
  }
}

/** An adapter's name for people: "llvmpipe: Mesa 25.0.7" says more than "llvmpipe-llvm-15-0-6-256-bits-". */
export function adapterName({ name, description }: Caps): string {
  return description || name;
}
