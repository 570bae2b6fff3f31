// Asks for a WebGPU adapter and device and prints its name. A process of its own: a broken driver may take it down.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../packages/tensor/package.json", import.meta.url));
const { create } = await import(pathToFileURL(require.resolve("webgpu")).href);

// At module level: the process dies at random when this object is collected before its device.
const gpu = create([]);
const adapter = await gpu.requestAdapter();
if (!adapter) {
  console.error("no adapter");
  process.exit(1);
}
const device = await adapter.requestDevice();
const { vendor, architecture, device: name, description } = adapter.info;
console.log(description || [vendor, architecture, name].filter(Boolean).join(" ") || "unnamed");
device.destroy();
