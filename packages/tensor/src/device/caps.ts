/**
 * How heavy kernels split their work: `subgroup` (register tiles fed by subgroup broadcasts) and `register` (plain register
 * tiles) for software adapters, `workgroup` (tiles in workgroup memory) for GPUs.
 */
export type KernelFamily = "subgroup" | "register" | "workgroup";

/**
 * An instruction of a GPU for small matrices: m x k times k x n halves, summed in float32 by a subgroup of `lanes` invocations. WGSL has it as the
 * experimental extension `chromium_experimental_subgroup_matrix`.
 */
export interface MatrixUnit {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly lanes: number;
  /** The adapter has other sizes of subgroups too, so that a kernel names this one. */
  readonly named: boolean;
}

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
  /** What products with float16 weights may multiply with; null unless it was asked for. */
  readonly matrix: MatrixUnit | null;
}

const SOFTWARE = /llvmpipe|lavapipe|swiftshader|warp|software|basic render/i;

/** All that an adapter says of itself. */
export const nameOf = ({ vendor, architecture, device, description }: GPUAdapterInfo): string =>
  `${vendor} ${architecture} ${device} ${description}`;

/** Whether an adapter computes on the CPU. */
export const isSoftware = (info: GPUAdapterInfo): boolean =>
  info.isFallbackAdapter === true || SOFTWARE.test(nameOf(info));

/** Reads an adapter's record; `family` overrides the heuristic choice (tests run all three), and `matrices` asks for subgroup matrices. */
export function readCaps(adapter: GPUAdapter, family?: KernelFamily, matrices = false): Caps {
  const { info, limits } = adapter;
  const has = (feature: string) => adapter.features.has(feature);
  const fixed = info.subgroupMinSize === info.subgroupMaxSize ? (info.subgroupMinSize ?? 0) : 0;
  const subgroupSize = has("subgroups") && fixed >= 4 && fixed <= 64 ? fixed : 0;
  const software = isSoftware(info);
  const chosen = chooseFamily(software, subgroupSize, family);
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
    family: chosen,
    matrix: matrices && chosen === "workgroup" ? matrixUnit(adapter) : null,
  };
}

/** The kernel family for an adapter. `subgroup` falls back to `register` where subgroups have no fixed size. */
export function chooseFamily(software: boolean, subgroupSize: number, wish?: KernelFamily): KernelFamily {
  const family = wish ?? (software ? "subgroup" : "workgroup");
  return family === "subgroup" && subgroupSize === 0 ? "register" : family;
}

const SUBGROUP_SIZES = "subgroup-size-control";
const MATRIX_FEATURES = ["chromium-experimental-subgroup-matrix", "subgroups", "shader-f16"];

/** The features that a device needs for its matrices. */
export const matrixFeatures = ({ matrix }: Pick<Caps, "matrix">): string[] =>
  matrix ? [...MATRIX_FEATURES, ...(matrix.named ? [SUBGROUP_SIZES] : [])] : [];

/** How Dawn describes a matrix that an adapter has. */
interface MatrixConfig {
  readonly componentType: string;
  readonly resultComponentType: string;
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** Columns and values of k that a subgroup of the kernel takes together, and the fewest rows: each is a multiple of the matrix's. */
const TAKEN = 32;
const MIN_ROWS = 16;
/** The most values of a matrix of sums. Four subgroups have one each in workgroup memory, beside the operands, within 16 KiB. */
const MAX_SUMS = 256;

const fits = ({ componentType, resultComponentType, M, N, K }: MatrixConfig): boolean =>
  componentType === "f16" &&
  resultComponentType === "f32" &&
  M * N <= MAX_SUMS &&
  MIN_ROWS % M === 0 &&
  [M, N, K].every((size) => size >= 4 && TAKEN % size === 0);

/** The largest matrix of an adapter with halves as operands and float32 sums that the kernel can use. */
function matrixUnit({ info, features }: GPUAdapter): MatrixUnit | null {
  if (!MATRIX_FEATURES.every((feature) => features.has(feature))) return null;
  const { subgroupMinSize: least = 0, subgroupMaxSize: most = 0 } = info;
  const named = least !== most;
  if (least < 8 || least > TAKEN || (named && !features.has(SUBGROUP_SIZES))) return null;
  const { subgroupMatrixConfigs = [] } = info as { subgroupMatrixConfigs?: Iterable<MatrixConfig> };
  const [largest] = [...subgroupMatrixConfigs].filter(fits).sort((a, b) => b.M * b.N * b.K - a.M * a.N * a.K);
  return largest ? { m: largest.M, n: largest.N, k: largest.K, lanes: least, named } : null;
}
