// What matrix units do to scores: with float16 weights they round the other operand of each product to float16 too. A GPU with such units is not
// needed: the kernels of GPUs run on a software adapter, with the rounding written into their text.
//
//   npm run -s research -- research/gpu/rounding.ts --data DIR [--backbone FILE] [--count 40]
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { auroc, Encoder, fileImages, fitImages, openBackbone, scoreImages } from "@inctrl/detect";
import { residual } from "@inctrl/inctrl";
import { chooseAdapter } from "../../packages/tensor/src/device/adapter.js";
import { readCaps } from "../../packages/tensor/src/device/caps.js";
import { Device } from "../../packages/tensor/src/device/device.js";
import { studyArguments } from "../arguments.js";
import { markdown } from "../report.js";
import { thinned } from "../sets.js";

const values = studyArguments(["data"], { backbone: "nano", count: 40 });
const SHOTS = 4;

/** A device whose products with float16 weights run `change` of their text. */
async function deviceWith(change: (code: string) => string): Promise<Device> {
  const adapter = await chooseAdapter("software");
  const caps = readCaps(adapter, "workgroup");
  const requiredFeatures: GPUFeatureName[] = ["shader-f16"];
  const { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = adapter.limits;
  const requiredLimits = { maxBufferSize, maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize };
  const gpu = await adapter.requestDevice({ requiredFeatures, requiredLimits });
  const make = gpu.createShaderModule.bind(gpu);
  gpu.createShaderModule = ({ label, code }) => {
    const changed = label?.startsWith("gemm") && code.includes("array<vec2u>") ? change(code) : code;
    return make({ label, code: changed });
  };
  return new Device(gpu, caps, 2 ** 28);
}

const ROUNDED = /(tileA\[.*\]) = (.*);/;
function rounded(code: string): string {
  if (!ROUNDED.test(code)) throw new Error("the kernel's text writes no left operand into workgroup memory");
  return code.replace(ROUNDED, "$1 = quantizeToF16($2);");
}

async function scoresOf(
  dtype: "float32" | "float16",
  change: (code: string) => string,
  prompts: readonly string[],
  images: readonly string[],
): Promise<number[]> {
  using device = await deviceWith(change);
  using backbone = await openBackbone(device, values.backbone, { dtype });
  using fitted = await fitImages(residual(new Encoder(backbone), { symmetries: 1 }), fileImages(prompts));
  const scores: number[] = [];
  for await (const result of scoreImages(fitted, fileImages(images))) {
    if ("error" in result) throw result.error;
    scores.push(result.score);
  }
  return scores;
}

const folder = join(values.data, "brainmri");
const files = async (kind: string) =>
  (await readdir(join(folder, kind))).sort().map((name) => join(folder, kind, name));
const [sound, abnormal] = [await files("no"), await files("yes")];
const half = values.count / 2;
const images = [...thinned(sound.slice(SHOTS), half), ...thinned(abnormal, half)];
const labels = images.map((_, i) => Number(i >= images.length - half));
const measured = async (dtype: "float32" | "float16", change = (code: string) => code) =>
  scoresOf(dtype, change, sound.slice(0, SHOTS), images);
const exact = await measured("float32");
const rows = [
  ["float32", exact] as const,
  ["float16 weights", await measured("float16")] as const,
  ["and float16 operands", await measured("float16", rounded)] as const,
];
const meanOf = (all: readonly number[]) => all.reduce((sum, value) => sum + value, 0) / all.length;
const mean = meanOf(exact);
const spread = Math.sqrt(meanOf(exact.map((score) => (score - mean) ** 2)));
process.stdout.write(
  markdown(
    ["products", "AUROC", "largest change of a score", "in deviations of the scores"],
    rows.map(([name, scores]) => {
      const change = Math.max(...scores.map((score, i) => Math.abs(score - exact[i])));
      return [
        name,
        (auroc(labels, scores) as number).toFixed(4),
        change.toExponential(1),
        (change / spread).toFixed(4),
      ];
    }),
  ),
);
console.log(
  `${images.length} images of BrainMRI, ${SHOTS} prompts, ${values.backbone.split("/").slice(-2).join("/")}`,
);
