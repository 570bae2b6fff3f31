/**
 * How heavy kernels split their work: `subgroup` (register tiles fed by subgroup broadcasts) and `register` (plain register
 * tiles) for software adapters, `workgroup` (tiles in workgroup memory) for GPUs.
 */
export type KernelFamily = "subgroup" | "register" | "workgroup";

/** An adapter's limits and features as plain data, all that planning depends on. */
export interface Caps {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** True for adapters that compute on the CPU (llvmpipe, SwiftShader, WARP). */
  readonly software: boolean;
  /** The subgroup size where it is fixed and shaders may use subgroups, else 0. */
  readonly subgroupSize: number;
  readonly shaderF16: boolean;
  readonly timestamps: boolean;
  readonly features: readonly string[];
  readonly maxBindingBytes: number;
  readonly maxBufferBytes: number;
  readonly maxWorkgroupsPerDimension: number;
  readonly maxInvocations: number;
  readonly maxWorkgroupBytes: number;
  readonly family: KernelFamily;
}

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|warp|software|basic render/i;

/** All that an adapter says of itself. */
export const nameOf = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  `${vendor} ${architecture} ${device} ${description}`;

/** Whether an adapter computes on the CPU. */
export const isSoftware = (info: GPUAdapterInfo): boolean =>
  info.isFallbackAdapter === true || SOFTWARE.test(nameOf(info));

/** Reads an adapter's record; `family` overrides the heuristic choice (tests run all three). */
export function readCaps(adapter: GPUAdapter, family?: KernelFamily): Caps {
  const { info, limits } = adapter;
  const has = (feature: string) => adapter.features.has(feature);
  const fixed = info.subgroupMinSize === info.subgroupMaxSize ? (info.subgroupMinSize ?? 0) : 0;
  const subgroupSize = has("subgroups") && fixed >= 4 && fixed <= 64 ? fixed : 0;
  const software = isSoftware(info);
  return {
    name: info.device || info.description || info.vendor || "unnamed adapter",
    vendor: info.vendor,
    architecture: info.architecture,
    description: info.description,
    software,
    subgroupSize,
    shaderF16: has("shader-f16"),
    timestamps: has("timestamp-query"),
    features: [...adapter.features].sort(),
    maxBindingBytes: limits.maxStorageBufferBindingSize,
    maxBufferBytes: limits.maxBufferSize,
    maxWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
    maxInvocations: limits.maxComputeInvocationsPerWorkgroup,
    maxWorkgroupBytes: limits.maxComputeWorkgroupStorageSize,
    family: chooseFamily(software, subgroupSize, family),
  };
}

/** The kernel family for an adapter. `subgroup` falls back to `register` where subgroups have no fixed size. */
export function chooseFamily(software: boolean, subgroupSize: number, wish?: KernelFamily): KernelFamily {
  const family = wish ?? (software ? "subgroup" : "workgroup");
  return family === "subgroup" && subgroupSize === 0 ? "register" : family;
}
