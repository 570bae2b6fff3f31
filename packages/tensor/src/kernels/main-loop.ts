import { panelLoop } from "./panel-loop.js";
import { registerLoop } from "./register-loop.js";
import { type MainLoop, type OperandLayout, PACKED, type Tile } from "./tile.js";
import { workgroupLoop } from "./workgroup-loop.js";

/** The sums of a tile over k, as its kind computes them; with `moments` also those of its rows (not workgroup tiles). */
export function mainLoop(
  tile: Tile,
  half: boolean,
  layout: OperandLayout = PACKED,
  moments = false,
): MainLoop {
  if (tile.kind === "workgroup") return workgroupLoop(tile, half, layout);
  if (tile.kind === "panel") return panelLoop(tile, half, layout, moments);
  return registerLoop(tile, half, layout, moments);
}
