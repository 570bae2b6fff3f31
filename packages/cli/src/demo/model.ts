import { SHIPPED_MODEL } from "@inctrl/clip";
import { type Backbone, openBackbone } from "@inctrl/detect";
import { Heads, shippedHeads } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import { CliError } from "../errors.js";

/** Prompts of each product. */
export const SHOTS = 4;

/** The backbone and the heads that come with the program. */
export interface DemoModel {
  readonly backbone: Backbone;
  readonly heads: Heads;
  /** The heads' file. */
  readonly file: string;
}

/** AUROC of the score and of s_p alone. */
export interface ClassAreas {
  readonly full: number;
  readonly residual: number;
}

/** Opens the model that comes with the program. */
export async function openDemoModel(device: Device): Promise<DemoModel> {
  const file = shippedHeads(SHIPPED_MODEL);
  if (!file) {
    throw new CliError("input", `the heads of ${SHIPPED_MODEL} are missing; install the packages again`);
  }
  return { backbone: await openBackbone(device, SHIPPED_MODEL), heads: await Heads.load(file, device), file };
}
