import { TensorError } from "../errors.js";
import { type AdapterChoice, chooseAdapter } from "./adapter.js";
import { type KernelFamily, readCaps } from "./caps.js";
import { Device } from "./device.js";

export interface DeviceOptions {
  /** Which adapter; by default `INCTRL_ADAPTER` from the environment, else the best one. */
  adapter?: AdapterChoice;
  /** Overrides how kernels split their work; for tests and measurements. */
  family?: KernelFamily;
  /** Bytes of idle buffers kept for reuse (default 256 MiB). */
  poolBytes?: number;
  /** Receives one line when the adapter is software. Default: nothing is printed. */
  onNotice?: (text: string) => void;
}

/**
 * Opens a WebGPU device, in Node or a browser.
 *
 * @throws TensorError `no-webgpu` or `no-adapter`, saying what to install.
 * @example
 * const device = await openDevice();
 * console.log(device.caps.name, device.memory().bytes);
 * device.close();
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Device> {
  const fromEnv = typeof process === "undefined" ? undefined : process.env?.INCTRL_ADAPTER;
  const adapter = await chooseAdapter(options.adapter ?? (fromEnv || "auto"));
  const caps = readCaps(adapter, options.family);
  const gpu = await requestDevice(adapter);
  if (caps.software) {
    options.onNotice?.(
      `running on a software adapter (${caps.description || caps.name}): right but slow; a GPU's driver makes it fast`,
    );
  }
  return new Device(gpu, caps, options.poolBytes ?? 256 * 2 ** 20);
}

/** A device with all of the adapter's limits and of its features those that kernels use. */
async function requestDevice(adapter: GPUAdapter): Promise<GPUDevice> {
  const wanted = ["subgroups", "shader-f16", "timestamp-query"] as GPUFeatureName[];
  const { limits } = adapter;
  const descriptor: GPUDeviceDescriptor = {
    requiredFeatures: wanted.filter((feature) => adapter.features.has(feature)),
    requiredLimits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    },
  };
  try {
    return await adapter.requestDevice(descriptor);
  } catch (cause) {
    const reason = (cause as Error).message.split("\n")[0];
    throw new TensorError(
      "no-adapter",
      `WebGPU: the adapter ${adapter.info.description} gives no device (${reason}); update its driver, or choose another ` +
        "with INCTRL_ADAPTER",
      { cause },
    );
  }
}
