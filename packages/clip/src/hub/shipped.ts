import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ResolvedModel } from "./resolve.js";

/** Name of the backbone that comes with this package. */
export const SHIPPED_MODEL = "nano";

/** The path of a file of the shipped backbone. */
const place = (file: string): string =>
  fileURLToPath(new URL(`../../models/${SHIPPED_MODEL}/${file}`, import.meta.url));

/** The shipped backbone's files; null for any other name, or where the package was installed without it. */
export async function shippedModel(name: string): Promise<ResolvedModel | null> {
  if (name.toLowerCase() !== SHIPPED_MODEL) return null;
  const model = {
    weights: place("model.safetensors"),
    config: place("config.json"),
    vocabulary: place("merges.txt"),
  };
  return existsSync(model.weights) ? model : null;
}
