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
export interface WayToScore {
  readonly name: string;
  readonly components: readonly Component[];
  /** Whether nano's heads have a part in it. */
  readonly heads?: boolean;
}

/** Networks that score by the same ways: every image is shown to each once. */
export interface Networks {
  /** How many the numbers are the mean of. */
  readonly count: number;
  readonly ways: readonly WayToScore[];
  open(device: Device, network: number): Promise<Backbone>;
}

/**
 * @param deit DeiT-Tiny's weights; left out without them.
 * @param untrained how many untrained networks.
 */
export function networksToMeasure(deit: string | undefined, untrained: number): Networks[] {
  const residualOf = (name: string): WayToScore[] => [{ name: `residual of ${name}`, components: ["P"] }];
  return [
    {
      count: 1,
      ways: [
        { name: "nano", components: ["P", "T"], heads: true },
        ...residualOf("nano"),
        { name: "text of nano", components: ["T"] },
      ],
      open: (device) => openBackbone(device, SHIPPED_MODEL),
    },
    { count: untrained, ways: residualOf("untrained networks"), open: openUntrained },
    ...(deit
      ? [
          {
            count: 1,
            ways: residualOf("DeiT-Tiny"),
            open: (device: Device) => openBackbone(device, deit, { turns: 8 }),
          },
        ]
      : []),
  ];
}

export async function nanoHeads(device: Device): Promise<Heads> {
  return Heads.load((await shippedHeads(SHIPPED_MODEL))!, device);
}

async function openUntrained(device: Device, network: number): Promise<Backbone> {
  const { config } = (await shippedModel(SHIPPED_MODEL))!;
  return randomBackbone(device, parseConfig(await readFile(config!, "utf8")), network);
}
