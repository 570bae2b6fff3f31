import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ParityCheck } from "@inctrl/detect";
import type { Device } from "@inctrl/tensor";
import { fileChecks } from "./files.js";
import { type Folder, openFolder } from "./folder.js";
import { opsChecks } from "./ops.js";
import { padimChecks } from "./padim.js";
import { patchcoreChecks } from "./patchcore.js";
import { fullRegadChecks, regadChecks } from "./regad.js";
import { regadPartsChecks, regadStepChecks } from "./regad-training.js";
import { spadeChecks } from "./spade.js";

/** What is computed of the values in a file of the folder, by the file's name. */
const SUITES: Readonly<Record<string, (folder: Folder) => Promise<ParityCheck[]>>> = {
  "ops.safetensors": opsChecks,
  "spade.safetensors": spadeChecks,
  "padim.safetensors": padimChecks,
  "patchcore.safetensors": patchcoreChecks,
  "regad.safetensors": regadChecks,
  "regad-parts.safetensors": regadPartsChecks,
  "regad-train.json": regadStepChecks,
};

/** Every value of the files of a folder of CNN methods. */
export async function cnnChecks(device: Device, path: string): Promise<ParityCheck[]> {
  using folder = await openFolder(device, path);
  const checks = [...(await fileChecks(path)), ...(await fullRegadChecks(device, path))];
  for (const [file, run] of Object.entries(SUITES))
    if (existsSync(join(path, file))) checks.push(...(await run(folder)));
  return checks;
}
