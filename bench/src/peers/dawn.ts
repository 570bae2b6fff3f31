/** Imports a peer by name, without its types, so that the sources compile where no peer is installed. */
export const load = async <T>(name: string): Promise<T> => (await import(name)) as T;

interface Dawn {
  create(flags: string[]): GPU;
  globals: Record<string, unknown>;
}

/** Kept at module level: the process crashes when this object is collected before its device. */
let gpu: GPU | undefined;

/** Installs Dawn as `navigator.gpu`, with the browser globals that the peers look for. */
export async function browserlike(): Promise<void> {
  const { create, globals } = await load<Dawn>("webgpu");
  gpu ??= create([]);
  Object.assign(globalThis, globals, {
    window: globalThis,
    document: { createElement: () => ({ getContext: () => null }) },
  });
  Object.defineProperty(globalThis, "navigator", { value: { gpu, userAgent: "node" }, configurable: true });
}
