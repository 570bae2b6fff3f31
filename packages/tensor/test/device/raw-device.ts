import { chooseAdapter } from "../../src/device/adapter.js";
import { type Caps, readCaps } from "../../src/device/caps.js";
import { Device } from "../../src/device/device.js";

export interface RawDevice {
  device: Device;
  /** The device underneath, to break things with. */
  gpu: GPUDevice;
  /** Messages of errors that nobody caught, in order. */
  errors: string[];
}

/** A device over a GPUDevice of the test's own, its caps changed where asked for. */
export async function rawDevice(caps: Partial<Caps> = {}, poolBytes = 2 ** 20): Promise<RawDevice> {
  const adapter = await chooseAdapter();
  const used = ["subgroups", "shader-f16"] as GPUFeatureName[];
  const gpu = await adapter.requestDevice({
    requiredFeatures: used.filter((feature) => adapter.features.has(feature)),
    requiredLimits: { maxComputeWorkgroupStorageSize: adapter.limits.maxComputeWorkgroupStorageSize },
  });
  const errors: string[] = [];
  gpu.addEventListener("uncapturederror", (event) => {
    errors.push(event.error.message);
  });
  return { gpu, errors, device: new Device(gpu, { ...readCaps(adapter), ...caps }, poolBytes) };
}
