import { TensorError } from "../errors.js";
import { type AdapterChoice, chooseAdapter } from "./adapter.js";
import { type Caps, type KernelFamily, matrixFeatures, readCaps } from "./caps.js";
import { EXPERIMENTAL } from "./dawn.js";
import { Device } from "./device.js";

export interface DeviceOptions {
  /** Which adapter; by default `INCTRL_ADAPTER` from the environment, else the best one. */
  adapter?: AdapterChoice;
  /** Overrides how kernels split their work; for tests and measurements. */
  family?: KernelFamily;
  /**
   * Asks for the GPU's subgroup matrices, an experiment of WebGPU: `tuneMatrices` then has products with float16 weights use them where they are
   * right and faster. They round the other operand to float16 too. By default off, and on where `INCTRL_MATRICES` is `on` in the environment.
   * No effect on adapters without them.
   */
  matrices?: boolean;
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
  const environment = typeof process === "undefined" ? undefined : process.env;
  const matrices = options.matrices ?? environment?.INCTRL_MATRICES === "on";
  const choice = options.adapter ?? (environment?.INCTRL_ADAPTER || "auto");
  const adapter = await chooseAdapter(choice, matrices ? EXPERIMENTAL : []);
  const caps = readCaps(adapter, options.family, matrices);
  const gpu = await requestDevice(adapter, caps);
  if (caps.software) {
    options.onNotice?.(
      `running on a software adapter (${caps.description || caps.name}): right but slow; a GPU's driver makes it fast`,
    );
  }
  return new Device(gpu, caps, options.poolBytes ?? 256 * 2 ** 20);
}

/** A device with all of the adapter's limits and of its features those that kernels use. */
async function requestDevice(adapter: GPUAdapter, caps: Caps): Promise<GPUDevice> {
  const used = ["subgroups", "shader-f16", "timestamp-query", ...matrixFeatures(caps)];
  const wanted = [...new Set(used)] as GPUFeatureName[];
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
