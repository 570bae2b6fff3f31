import { z } from "zod";

/** What a file of `npm run gpu-check` says it is. A change that older readers would misread takes the next number. */
export const FORMAT = "inctrl-gpu-check";
export const VERSION = 1;

const figures = z.record(z.string(), z.union([z.number(), z.string(), z.boolean()]));

const step = z.object({
  name: z.enum(["doctor", "tests", "tune", "bench", "parity", "matrices"]),
  /** `stopped`: it took longer than it may; `skipped`: it was not asked for, or no time was left. */
  verdict: z.enum(["passed", "failed", "stopped", "skipped"]),
  seconds: z.number().min(0),
  /** What it measured, by name. A step that failed or was stopped gives what it had. */
  figures,
  /** Why it did not pass. */
  problem: z.string().max(2000).optional(),
});

const adapter = z.object({
  ...{ name: z.string(), vendor: z.string(), architecture: z.string(), driver: z.string() },
  /** Computes on the processor. */
  software: z.boolean(),
  /** The kernel family that the planner chose. */
  family: z.enum(["subgroup", "register", "workgroup"]),
  subgroupSize: z.int().min(0),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
});

/** One run of `npm run gpu-check`. */
export const gpuCheckReport = z.object({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  date: z.iso.date(),
  /** `+` where files differ from the commit. */
  commit: z.string(),
  node: z.string(),
  platform: z.string(),
  webgpu: z.string(),
  processor: z.string(),
  cores: z.int().min(1),
  memoryGB: z.number(),
  /** Processes that waited for a core at the start, over the cores; 0 where the system does not tell. Above 0.5 no time is worth showing. */
  load: z.number().min(0),
  /** All adapters that were found, the best first. */
  adapters: z.array(z.string()),
  /** The one that was checked; null where none could be opened. */
  adapter: adapter.nullable(),
  steps: z.array(step),
});

export type GpuCheckReport = z.infer<typeof gpuCheckReport>;
export type Step = z.infer<typeof step>;
export type Figures = z.infer<typeof figures>;

/** Reads a report. @throws Error naming the first value that is wrong. */
export function readReport(text: string, label: string): GpuCheckReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`${label}: is no JSON`);
  }
  const read = gpuCheckReport.safeParse(value);
  if (read.success) return read.data;
  const [{ path, message }] = read.error.issues;
  throw new Error(`${label}: is no report of gpu-check (${path.join(".") || "the whole"}: ${message})`);
}
