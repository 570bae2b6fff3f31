import { SHIPPED_MODEL } from "@inctrl/clip";
import { type Backbone, openBackbone } from "@inctrl/detect";
import { Heads, shippedHeads } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";
import { CliError } from "../errors.js";

/** Good pieces of each product that the others are compared with. */
export const SHOTS = 4;

/** What the demo looks with: the backbone and heads that come with the program. */
export interface Eyes {
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

export async function openEyes(device: Device): Promise<Eyes> {
  const file = await shippedHeads(SHIPPED_MODEL);
  if (!file) {
    throw new CliError("input", `the heads of ${SHIPPED_MODEL} are missing; install the packages again`);
  }
  return { backbone: await openBackbone(device, SHIPPED_MODEL), heads: await Heads.load(file, device), file };
}
