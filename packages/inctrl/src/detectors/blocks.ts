import { type Backbone, option, type Tap } from "@inctrl/detect";

/** Blocks by name: the backbone's own, those of a quarter, half and three quarters of its depth, and the middle ones of SubspaceAD. */
const BLOCKS = {
  own: ({ defaultTaps }) => defaultTaps,
  quarters: ({ depth }) => [0.25, 0.5, 0.75].map((share) => Math.round(share * depth)),
  middle({ depth }) {
    const [first, last] = [0.575, 0.725].map((share) => Math.round(share * depth));
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  },
} as const satisfies Record<string, (backbone: Backbone) => readonly Tap[]>;

export type Blocks = keyof typeof BLOCKS | readonly number[];

/** Blocks as taps of an encoder. A network of few layers, whose grids may differ, has its own alone. */
export const tapsOf = (backbone: Backbone, blocks: Blocks): readonly Tap[] => {
  if (typeof blocks !== "string") return blocks;
  return BLOCKS[backbone.depth < MIN_DEPTH ? "own" : blocks](backbone);
};

const MIN_DEPTH = 4;

/** The option of methods that compare blocks. */
export const BLOCKS_OPTION = option.custom<Blocks, Blocks>(
  "own",
  "blocks that are compared: the backbone's own, those of a quarter, half and three quarters of its depth, the middle ones, or numbers",
  "own, quarters, middle, or rising numbers, such as 7,9,11",
  readBlocks,
);

function readBlocks(given: unknown): Blocks | undefined {
  if (typeof given === "string" && Object.hasOwn(BLOCKS, given)) return given as keyof typeof BLOCKS;
  const taps = (Array.isArray(given) ? given : String(given).split(",")).map(Number);
  return taps.every((tap, i) => Number.isInteger(tap) && tap > (taps[i - 1] ?? 0)) ? taps : undefined;
}
