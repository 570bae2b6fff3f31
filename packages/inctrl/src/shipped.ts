import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { SHIPPED_MODEL } from "@inctrl/clip";

/**
 * The file of the heads that come with this package, trained for the backbone of that name; null where there are none.
 *
 * @example const heads = await Heads.load(shippedHeads("nano")!, device);
 */
export function shippedHeads(backbone: string): string | null {
  if (backbone.toLowerCase() !== SHIPPED_MODEL) return null;
  const file = fileURLToPath(new URL(`../models/${SHIPPED_MODEL}/heads.safetensors`, import.meta.url));
  return existsSync(file) ? file : null;
}
