import { describeProcessor } from "@inctrl/tensor";
import { tileName } from "../device.js";
import { alignTable } from "../output/table.js";
import type { Diagnosis } from "./examine.js";

const FAMILIES = {
  subgroup: "register tiles fed by subgroup broadcasts",
  register: "register tiles",
  workgroup: "tiles in workgroup memory",
} as const;

/** Features that kernels use. The JSON report lists all features. */
const FEATURES = ["subgroups", "shader-f16", "timestamp-query"];

/** The diagnosis for people. */
export function asText(report: Diagnosis): string {
  const packages = Object.entries(report.packages).map(
    ([name, version]) => `${name} ${version ?? "missing"}`,
  );
  const facts: [string, string][] = [
    ["Node", report.node],
    ["system", report.platform],
    ["packages", packages.join(", ")],
    ["cache", report.cache],
    ["found", report.adapters.map((name, place) => `${place} ${name}`).join("; ") || "no adapter"],
  ];
  return [alignFacts(facts), deviceText(report), kernelText(report), report.ok ? "ready\n" : "not ready\n"]
    .filter((part) => part !== "")
    .join("\n");
}

function deviceText({ device, processor, rule, matrices, gemm, onnxruntime }: Diagnosis): string {
  if (!device) return "";
  const facts: [string, string][] = [
    ["adapter", `${device.name} (${device.software ? "software, on the CPU" : "hardware"})`],
    ["driver", device.description || "not given"],
    [
      "features",
      FEATURES.map((name) => `${name} ${device.features.includes(name) ? "yes" : "no"}`).join(", "),
    ],
    [
      "limits",
      `binding ${mebi(device.maxBindingBytes)}, buffer ${mebi(device.maxBufferBytes)}, ` +
        `${device.maxWorkgroupsPerDimension} workgroups a dimension, ${device.maxInvocations} invocations and ` +
        `${mebi(device.maxWorkgroupBytes)} of memory a workgroup`,
    ],
    [
      "kernels",
      `${device.family}: ${FAMILIES[device.family]}${device.subgroupSize ? `, subgroups of ${device.subgroupSize}` : ""}`,
    ],
  ];
  if (device.software && processor) facts.push(["processor", describeProcessor(processor)]);
  if (rule)
    facts.push(["tiles", `${tileName(rule.tile)}, ${rule.measured ? "measured here" : "the default"}`]);
  if (device.matrix)
    facts.push([
      "matrices",
      `${device.matrix.m} x ${device.matrix.n} x ${device.matrix.k}, ${matrices ? "used with float16 weights" : "not used: wrong, or not faster"}`,
    ]);
  if (gemm)
    facts.push([
      "speed",
      `${gemm.gflops.toFixed(1)} GFLOP/s in a matrix product of ${gemm.shape.join(" x ")}`,
    ]);
  if (device.software) facts.push(["runtime", processorText(gemm, onnxruntime)]);
  return alignFacts(facts);
}

/** Which engine computes a network faster where there is no graphics card, by the same product in both. */
function processorText(gemm: Diagnosis["gemm"], runtime: Diagnosis["onnxruntime"]): string {
  if (!runtime)
    return "npm install onnxruntime-node: --runtime onnxruntime may be faster than our own engine here";
  const { version, gflops } = runtime;
  const ratio = gflops / (gemm?.gflops ?? Number.NaN);
  const advice = ratio > 1 ? "--runtime onnxruntime is faster here" : "our own engine is faster here";
  return `onnxruntime ${version}: ${gflops.toFixed(1)} GFLOP/s in the same product, ${ratio.toFixed(1)} times ours: ${advice}`;
}

function kernelText({ kernels }: Diagnosis): string {
  if (kernels.length === 0) return "";
  const rows = kernels.map(({ name, ok, maxError, tolerance }) => [
    name,
    ok ? "right" : "WRONG",
    maxError.toExponential(1),
    tolerance.toExponential(0),
  ]);
  return alignTable([["kernel", "", "largest error", "tolerance"], ...rows]);
}

const mebi = (bytes: number): string =>
  bytes < 2 ** 20 ? `${Math.round(bytes / 2 ** 10)} KiB` : `${Math.round(bytes / 2 ** 20)} MiB`;

function alignFacts(facts: readonly (readonly [string, string])[]): string {
  return facts.map(([name, value]) => `${name.padEnd(10)}${value}\n`).join("");
}
