import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ParityCheck, type ParityReport, parity } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { anomalydinoChecks } from "./anomalydino.js";
import { cnnChecks } from "./cnn/index.js";
import { coopChecks } from "./coop.js";
import { dinoChecks } from "./dino.js";
import { resnetChecks } from "./resnet.js";
import { winclipChecks } from "./winclip.js";

/** What is computed of the values in a file of a folder, by the file's name. */
const SUITES: Readonly<Record<string, (device: Device, folder: string) => Promise<ParityCheck[]>>> = {
  "winclip.safetensors": winclipChecks,
  "coop.safetensors": coopChecks,
  "anomalydino.safetensors": anomalydinoChecks,
  "tolerances.json": dinoChecks,
  "backbone.safetensors": resnetChecks,
  "images.safetensors": cnnChecks,
};

/**
 * Holds every value of a folder of the methods' reference values against what this package computes.
 *
 * @returns null where the folder has no file of such values.
 */
export async function runBaselineParity(device: Device, folder: string): Promise<ParityReport | null> {
  const suites = Object.entries(SUITES).filter(([file]) => existsSync(join(folder, file)));
  if (suites.length === 0) return null;
  const checks: ParityCheck[] = [];
  for (const [, run] of suites) checks.push(...(await run(device, folder)));
  return parity.report(checks);
}
