import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The libraries compared, each with its package; ours is always present. */
const PACKAGES: Readonly<Record<string, string | undefined>> = {
  ours: undefined,
  tfjs: "@tensorflow/tfjs-backend-webgpu",
  "jax-js": "@jax-js/jax",
  "onnxruntime webgpu": "onnxruntime-node",
  "onnxruntime cpu": "onnxruntime-node",
};

/** Libraries with WebGPU kernels on whole tensors. */
export const TENSOR_PEERS = ["tfjs", "jax-js"];
/** A runtime of ONNX files, on the same adapter and, for orientation, on the processor. */
export const ONNX_PEERS = ["onnxruntime webgpu", "onnxruntime cpu"];

/** Why a peer cannot take part; undefined if it can. */
export function missing(name: string): string | undefined {
  const wanted = PACKAGES[name];
  if (wanted === undefined) return undefined;
  try {
    require.resolve(wanted);
    return undefined;
  } catch {
    return `${wanted} is not installed; npm run bench installs it`;
  }
}

/** Versions of the peers' packages, which bench/package.json pins. */
export function peerVersions(): Record<string, string> {
  const { devDependencies } = require("../../package.json") as { devDependencies: Record<string, string> };
  const used = Object.values(PACKAGES).filter((name) => name !== undefined);
  return Object.fromEntries([...new Set(used)].map((name) => [name, devDependencies[name]]));
}
