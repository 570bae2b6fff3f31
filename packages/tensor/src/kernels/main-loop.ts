import { registerLoop } from "./register-loop.js";
import { type MainLoop, type OperandLayout, PACKED, type Tile } from "./tile.js";
import { workgroupLoop } from "./workgroup-loop.js";

/** The sums of a tile over k, as its kind computes them; with `moments` also those of its rows (register tiles). */
export function mainLoop(
  tile: Tile,
  half: boolean,
  layout: OperandLayout = PACKED,
  moments = false,
): MainLoop {
  return tile.kind === "workgroup"
    ? workgroupLoop(tile, half, layout)
    : registerLoop(tile, half, layout, moments);
}
