// Compiles WGSL files on the adapter that the environment names, one after the other; the driver prints what it made of each.
import { readFileSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

// Only the bench's own installation has it, so that its types are not there where all sources are checked.
const { create } = createRequire(import.meta.url)("webgpu") as { create(flags: string[]): GPU };
/** Kept until the process ends: Dawn crashes where its entry object is collected. */
const gpu = create(["enable-dawn-features=allow_unsafe_apis"]);
const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
if (!adapter) throw new Error("no adapter: install Mesa's RADV (mesa-vulkan-drivers)");
writeSync(2, `\n@@ adapter\n${adapter.info.description}\n`);
const { limits, features } = adapter;
const MATRICES = "chromium-experimental-subgroup-matrix";
const wanted = ["subgroups", "shader-f16", "subgroup-size-control", MATRICES] as GPUFeatureName[];
const device = await adapter.requestDevice({
  requiredFeatures: wanted.filter((feature) => features.has(feature)),
  requiredLimits: {
    maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
    maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
  },
});
for (const file of process.argv.slice(2)) {
  const code = readFileSync(file, "utf8");
  // Families without matrices have no row of such a kernel.
  if (code.includes("subgroup_matrix") && !features.has(MATRICES as GPUFeatureName)) continue;
  const module = device.createShaderModule({ code });
  writeSync(2, `\n@@ ${file}\n`);
  await device.createComputePipelineAsync({ layout: "auto", compute: { module, entryPoint: "main" } });
}
writeSync(2, "\n@@ end\n");
// The null device cannot be closed.
process.exit(0);
