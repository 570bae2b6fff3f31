import { load } from "./load.js";

interface Dawn {
  create(flags: string[]): GPU;
  globals: Record<string, unknown>;
}

/** At module level: the process dies at random when this object is collected before its device. */
let gpu: GPU | undefined;

/** Puts Dawn where a browser has WebGPU, with as much of a browser as the peers look for. */
export async function browserlike(): Promise<void> {
  const { create, globals } = await load<Dawn>("webgpu");
  gpu ??= create([]);
  Object.assign(globalThis, globals, {
    window: globalThis,
    document: { createElement: () => ({ getContext: () => null }) },
  });
  Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });
}
