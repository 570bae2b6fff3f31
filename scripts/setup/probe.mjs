// Asks for a WebGPU adapter and device and prints its name. It is a process of its own, since a broken driver may crash it.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../../packages/tensor/package.json", import.meta.url));
const { create } = await import(pathToFileURL(require.resolve("webgpu")).href);

// Kept at module level: the process crashes when this object is collected before its device.
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
