import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { release } from "node:os";
import { cacheDir } from "@inctrl/clip";
import { findRuntime, measureProduct } from "@inctrl/onnx";
import {
  type Caps,
  checkKernels,
  findAdapters,
  type KernelCheck,
  measureGemm,
  openDevice,
  type Processor,
  readProcessor,
  ruleOf,
  type Tile,
  usesMatrices,
} from "@inctrl/tensor";
import { tuneDevice } from "../device.js";
import { describe } from "../errors.js";

/** The findings of `inctrl doctor`. */
export interface Diagnosis {
  readonly ok: boolean;
  readonly node: string;
  readonly platform: string;
  /** Versions of our packages and of the WebGPU implementation; null where one is not found. */
  readonly packages: Readonly<Record<string, string | null>>;
  readonly cache: string;
  /** Names of the adapters found, the best first; `--device` takes the place of one. */
  readonly adapters: readonly string[];
  /** The adapter in use; null when no device could be opened. */
  readonly device: Caps | null;
  /** The processor, whose instructions decide what is fast on a software adapter. */
  readonly processor: Processor | null;
  /** The largest tile of the rule for matrix products (on a GPU the tile for those of one image), and whether it was measured here; null where there is one rule. */
  readonly rule: { readonly tile: Tile; readonly measured: boolean } | null;
  /** Whether products with float16 weights use subgroup matrices; null where none were asked for, or the adapter has none. */
  readonly matrices: boolean | null;
  readonly kernels: readonly KernelCheck[];
  /** Rate of the matrix product, in 10^9 floating-point operations a second. */
  readonly gemm: Awaited<ReturnType<typeof measureGemm>> | null;
  /** onnxruntime on the processor, and its rate in the same product; null where it is not installed. */
  readonly onnxruntime: { readonly version: string; readonly gflops: number } | null;
  /** Problems, each with how to mend it. */
  readonly problems: readonly string[];
}

/** Examines the machine. A failure becomes a line of `problems`; nothing is thrown. */
export async function examine(choice?: string): Promise<Diagnosis> {
  const problems: string[] = [];
  const attempt = async <T>(job: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await job();
    } catch (error) {
      const problem = describe(error);
      if (!problems.includes(problem)) problems.push(problem);
      return otherwise;
    }
  };
  const adapters = await attempt(async () => (await findAdapters()).map(nameOf), []);
  const device = await attempt(() => openDevice({ adapter: choice }), null);
  if (device) await attempt(() => tuneDevice(device), undefined);
  const rule = device && ruleOf(device);
  const matrices = device?.caps.matrix ? usesMatrices(device) : null;
  const kernels = device ? await attempt(() => checkKernels(device), []) : [];
  const gemm = device ? await attempt(() => measureGemm(device), null) : null;
  device?.close();
  const onnxruntime = await attempt(async () => {
    const runtime = gemm && findRuntime();
    return runtime && { version: runtime.version, gflops: await measureProduct(runtime, gemm.shape) };
  }, null);
  for (const { name } of kernels.filter((kernel) => !kernel.ok)) {
    problems.push(
      `${name} gives wrong numbers on ${device?.caps.name}; update its driver, or use --device software`,
    );
  }
  return {
    ok: problems.length === 0,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}, ${release()}`,
    packages: packageVersions(),
    cache: cacheDir(),
    adapters,
    device: device?.caps ?? null,
    processor: await readProcessor(),
    rule,
    matrices,
    kernels,
    gemm,
    onnxruntime,
    problems,
  };
}

const nameOf = ({ info }: GPUAdapter): string => info.description || info.device || info.vendor;

const OURS = ["tensor", "clip", "datasets", "inctrl"];

function packageVersions(): Record<string, string | null> {
  const versions: Record<string, string | null> = {
    "@inctrl/cli": versionAt(new URL("../../package.json", import.meta.url)),
  };
  for (const name of OURS) {
    const full = `@inctrl/${name}`;
    versions[full] = versionAt(new URL("../package.json", import.meta.resolve(full)));
  }
  versions.webgpu = webgpuVersion();
  return versions;
}

function versionAt(manifest: URL | string): string | null {
  try {
    return JSON.parse(readFileSync(manifest, "utf8")).version ?? null;
  } catch {
    return null;
  }
}

/** The version of the WebGPU implementation, which is a dependency of the tensor package. */
function webgpuVersion(): string | null {
  try {
    const require = createRequire(import.meta.resolve("@inctrl/tensor"));
    return versionAt(require.resolve("webgpu/package.json"));
  } catch {
    return null;
  }
}
