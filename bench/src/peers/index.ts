import { createRequire } from "node:module";
import type { Peer } from "../task.js";

const require = createRequire(import.meta.url);

/** The libraries compared. Ours is always there; the others are packages. */
export const PEERS: Readonly<Record<string, { package?: string; load(): Promise<Peer> }>> = {
  ours: { load: async () => (await import("./ours.js")).peer },
  tfjs: {
    package: "@tensorflow/tfjs-backend-webgpu",
    load: async () => (await import("./tfjs.js")).peer,
  },
  "jax-js": { package: "@jax-js/jax", load: async () => (await import("./jax.js")).peer },
  "onnxruntime webgpu": onnxruntime("webgpu"),
  "onnxruntime cpu": onnxruntime("cpu"),
};

function onnxruntime(provider: "webgpu" | "cpu") {
  const load = async () => (await import("./onnxruntime.js")).onnxruntime(provider);
  return { package: "onnxruntime-node", load };
}

/** Libraries with WebGPU kernels on whole tensors. */
export const TENSOR_PEERS = ["tfjs", "jax-js"];
/** A runtime of ONNX files, on the same adapter and, for orientation, on the processor. */
export const ONNX_PEERS = ["onnxruntime webgpu", "onnxruntime cpu"];

/** Why a peer cannot take part; undefined if it can. */
export function missing(name: string): string | undefined {
  const wanted = PEERS[name].package;
  try {
    if (wanted !== undefined) require.resolve(wanted);
    return undefined;
  } catch {
    return `${wanted} is not installed; npm run bench installs it`;
  }
}

/** Versions of the peers' packages, which bench/package.json pins. */
export function peerVersions(): Record<string, string> {
  const { devDependencies } = require("../../package.json") as { devDependencies: Record<string, string> };
  const used = Object.values(PEERS).flatMap((peer) => peer.package ?? []);
  return Object.fromEntries(used.map((name) => [name, devDependencies[name]]));
}
