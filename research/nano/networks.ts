import { readFile } from "node:fs/promises";
import { parseConfig, SHIPPED_MODEL, shippedModel } from "@inctrl/clip";
import { type Backbone, openBackbone, randomBackbone } from "@inctrl/detect";
import { type Component, Heads, shippedHeads } from "@inctrl/inctrl";
import type { Device } from "@inctrl/tensor";

/** One scoring, which is a column of the table. */
export interface Scoring {
  readonly name: string;
  readonly components: readonly Component[];
  /** Uses nano's heads. */
  readonly heads?: boolean;
}

/** Networks of one kind, whose figures are averaged. Each image is encoded once for all scorings. */
export interface Networks {
  readonly count: number;
  readonly scorings: readonly Scoring[];
  /** Symmetries of the square in which prompts are compared. Default: as the network's configuration wishes. */
  readonly symmetries?: number;
  open(device: Device, network: number): Promise<Backbone>;
}

/** The networks of the card: nano, three untrained ones of the same shape, and DeiT-Tiny with the weights in a file. */
export function networksToMeasure(deit: string): Networks[] {
  const residualOf = (name: string): Scoring => ({ name: `residual of ${name}`, components: ["P"] });
  return [
    {
      count: 1,
      scorings: [
        { name: "nano", components: ["P", "T"], heads: true },
        residualOf("nano"),
        { name: "text of nano", components: ["T"] },
      ],
      open: (device) => openBackbone(device, SHIPPED_MODEL),
    },
    { count: 3, scorings: [residualOf("untrained networks")], open: openUntrained },
    {
      count: 1,
      scorings: [residualOf("DeiT-Tiny")],
      symmetries: 8,
      open: (device) => openBackbone(device, deit),
    },
  ];
}

export async function nanoHeads(device: Device): Promise<Heads> {
  return Heads.load((await shippedHeads(SHIPPED_MODEL))!, device);
}

async function openUntrained(device: Device, network: number): Promise<Backbone> {
  const { config } = (await shippedModel(SHIPPED_MODEL))!;
  return randomBackbone(device, parseConfig(await readFile(config!, "utf8")), network);
}
