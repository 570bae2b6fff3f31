import { readFile } from "node:fs/promises";
import { parseConfig, SHIPPED_MODEL, shippedModel } from "@inctrl/clip";
import {
  type Backbone,
  type Component,
  Heads,
  openBackbone,
  randomBackbone,
  shippedHeads,
} from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";

/** A way to score, a column of the table. */
export interface Way {
  readonly name: string;
  readonly components: readonly Component[];
  readonly shots: readonly number[];
  readonly seeds: number;
  /** How many networks it is the mean of. */
  readonly networks: number;
  open(device: Device, network: number): Promise<{ backbone: Backbone; heads?: Heads }>;
}

const SHOTS = [2, 4, 8];
const RESIDUAL = { components: ["P"] as const, shots: SHOTS, seeds: 3, networks: 1 };

const nano = async (device: Device) => ({ backbone: await openBackbone(device, SHIPPED_MODEL) });

/**
 * @param deit DeiT-Tiny's weights; left out without them.
 * @param networks how many untrained ones.
 */
export function waysToScore(deit: string | undefined, networks: number): Way[] {
  return [
    {
      ...RESIDUAL,
      name: "nano",
      components: ["P", "T"],
      open: async (device) => ({
        ...(await nano(device)),
        heads: await Heads.load((await shippedHeads(SHIPPED_MODEL))!, device),
      }),
    },
    { ...RESIDUAL, name: "residual of nano", open: nano },
    // Without prompts there is nothing to draw.
    { ...RESIDUAL, name: "text of nano", components: ["T"], shots: [SHOTS[0]!], seeds: 1, open: nano },
    { ...RESIDUAL, name: "residual of untrained networks", networks, open: untrained },
    ...(deit
      ? [
          {
            ...RESIDUAL,
            name: "residual of DeiT-Tiny",
            open: async (device: Device) => ({ backbone: await openBackbone(device, deit, { turns: 8 }) }),
          },
        ]
      : []),
  ];
}

async function untrained(device: Device, network: number) {
  const { config } = (await shippedModel(SHIPPED_MODEL))!;
  return { backbone: await randomBackbone(device, parseConfig(await readFile(config!, "utf8")), network) };
}
