import { fileURLToPath } from "node:url";
import type { Caps, TunedMatrices } from "@inctrl/tensor";
import type { Figures, GpuCheckReport, Step } from "./report.js";

/** One step: a program of this repository in a process of its own. */
export interface StepPlan {
  name: Step["name"];
  title: string;
  /** Seconds that it may take. */
  limit: number;
  args: readonly string[];
  /** What its output says; `made` is the text of the file that it wrote. May be asked of the beginning of an output. */
  read(output: string, made: string): Figures;
}

const ROOT = new URL("../../../", import.meta.url);
const at = (path: string): string => fileURLToPath(new URL(path, ROOT));
const CLI = at("packages/cli/src/main.ts");

/** Tests of all that runs on the device; each test of a kernel runs in all three families. */
const TESTS = ["ops", "kernels", "autograd", "nn", "optim", "device", "tune"].map(
  (part) => `tensor/test/${part}`,
);

/** The steps after `doctor`, which says whether the adapter computes on the processor. `file` is where one leaves a file. */
export function stepsAfter(software: boolean, file: string): StepPlan[] {
  const [config, batches, cases] = software
    ? ["deit_tiny_patch16_224", "1", "gemm"]
    : ["ViT-B-16-plus-240", "1,8", "ceiling,gemm,attention,nearest,towers"];
  return [
    {
      name: "parity",
      title: "every value of a small InCTRL against PyTorch's",
      limit: 45,
      args: [CLI, "parity", at("packages/testing/golden/three-shot"), "--json"],
      read: (output) => parityFigures(JSON.parse(output)),
    },
    {
      name: "tests",
      title: "tests of tensors in all kernel families",
      limit: 240,
      args: [at("scripts/test.mjs"), ...TESTS],
      read: testFigures,
    },
    {
      name: "bench",
      title: `rates of ${cases.replaceAll(",", ", ")}`,
      limit: 120,
      args: [at("bench/src/main.ts"), "--alone", "--only", cases, "--json", file],
      read: (_, made) => benchFigures(JSON.parse(made)),
    },
    {
      name: "tune",
      title: `tiles of ${config}`,
      limit: 75,
      args: [CLI, "tune", "--config", config, "--batch", batches, "--json"],
      read: (output) => tuneFigures(JSON.parse(output)),
    },
    {
      name: "matrices",
      title: "matrix units, an experiment",
      limit: 30,
      args: [at("bench/src/gpu-check/matrices.ts")],
      read: (output) => matrixFigures(JSON.parse(output)),
    },
  ];
}

/** What `inctrl doctor --json` says that the report keeps. */
interface Doctor {
  platform: string;
  packages: { webgpu: string | null };
  adapters: string[];
  device: {
    [name: string]: unknown;
    features: string[];
    software: boolean;
    subgroupSize: number;
    family: "subgroup" | "register" | "workgroup";
  } | null;
  kernels: { name: string; ok: boolean; maxError: number }[];
  gemm: { gflops: number } | null;
  problems: string[];
}

export const DOCTOR: StepPlan = {
  name: "doctor",
  title: "adapter, kernels and speed",
  limit: 90,
  args: [CLI, "doctor", "--json"],
  read: (output) => {
    const { kernels, gemm } = JSON.parse(output) as Doctor;
    return {
      ...Object.fromEntries(kernels.map(({ name, maxError }) => [`${name}, largest error`, maxError])),
      ...(gemm && { "GFLOP/s": gemm.gflops }),
    };
  },
};

/** The part of the report that `doctor` knows. */
export function machineOf(
  output: string,
): Pick<GpuCheckReport, "adapters" | "adapter" | "platform" | "webgpu"> {
  const { platform, packages, adapters, device } = JSON.parse(output) as Doctor;
  const word = (name: string) => String(device?.[name] ?? "");
  return {
    platform,
    webgpu: packages.webgpu ?? "",
    adapters,
    adapter: device && {
      name: word("name"),
      vendor: word("vendor"),
      architecture: word("architecture"),
      driver: word("description"),
      software: device.software,
      family: device.family,
      subgroupSize: device.subgroupSize,
      features: device.features,
      limits: Object.fromEntries(
        Object.entries(device).flatMap(([name, value]) =>
          name.startsWith("max") && typeof value === "number" ? [[name, value]] : [],
        ),
      ),
    },
  };
}

function parityFigures({ checks }: { checks: { ok: boolean; maxAbs?: number }[] }): Figures {
  return {
    values: checks.length,
    hold: checks.filter(({ ok }) => ok).length,
    "largest error": Math.max(...checks.map(({ maxAbs }) => maxAbs ?? 0)),
  };
}

/** The last counts of a run of tests, be it whole or stopped, and the files that failed. */
function testFigures(output: string): Figures {
  const counts = [...output.matchAll(/(?:(\d+) of (\d+) files, )?(\d+) passed, (\d+) failed/g)].at(-1);
  if (!counts) return {};
  const [, done, files, passed, failed] = counts;
  const wrong = [...output.matchAll(/^FAIL (\S+)/gm)].map(([, file]) => file);
  return {
    passed: +passed,
    failed: +failed,
    ...(done && { "files done": +done, "files in all": +files }),
    ...(wrong.length > 0 && { "failing files": wrong.join(", ") }),
  };
}

interface BenchRow {
  case: string;
  size: string;
  subject: string;
  rate: number | null;
  unit: string;
  medianMs: number | null;
  failed?: string;
}

function benchFigures(rows: readonly BenchRow[]): Figures {
  return Object.fromEntries(
    rows
      .filter(({ subject, case: name }) => subject === "ours" || name === "ceiling")
      .map(({ case: name, size, rate, unit, medianMs, failed }) => [
        `${name}, ${size}${rate === null ? "" : `, ${unit}`}`,
        failed ?? rate ?? medianMs ?? "nothing measured",
      ]),
  );
}

function matrixFigures({ matrix, found }: { matrix: Caps["matrix"]; found: TunedMatrices | null }): Figures {
  if (!matrix || !found) return { matrix: "none" };
  return {
    matrix: `${matrix.m} x ${matrix.n} x ${matrix.k}`,
    "error over its bound": found.error,
    used: found.used,
    ...Object.fromEntries(
      found.products.map(({ shape, plainMs, matrixMs }) => [
        `${shape.join(" x ")}, times as fast`,
        plainMs / matrixMs,
      ]),
    ),
  };
}

interface TunedRow {
  shape: number[];
  plannedMs: number;
  bestMs: number;
  best: { rows: number; lines: number; vectors: number; lanes: number };
}

function tuneFigures({ products }: { products: readonly TunedRow[] }): Figures {
  return Object.fromEntries(
    products.flatMap(({ shape: [m, k, n], plannedMs, bestMs, best }) => [
      [`${m} x ${k} x ${n}, GFLOP/s`, (2 * m * k * n) / bestMs / 1e6],
      [`${m} x ${k} x ${n}, planned over best`, plannedMs / bestMs],
      [
        `${m} x ${k} x ${n}, best tile`,
        `${best.rows * (best.lines ?? 1)} x ${4 * best.lanes * best.vectors}`,
      ],
    ]),
  );
}
