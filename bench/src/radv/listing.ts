/** What the compiler says of a shader, and what its instructions say. */
export interface Compiled {
  registers: number;
  /** Bytes of memory that an invocation uses for want of registers. */
  scratch: number;
  /** Bytes of workgroup memory. */
  lds: number;
  /** Subgroups that a SIMD unit holds at once. */
  subgroups: number;
  instructions: number;
  /** Clocks of the whole, as the compiler weighs loops. */
  latency: number;
  /** Multiply-adds and loads of workgroup memory among the instructions inside of loops. */
  multiplyAdds: number;
  ldsLoads: number;
  /** Matrix instructions among them; absent in results of before they were counted. */
  matrices?: number;
}

const STATISTICS = {
  registers: "VGPRs",
  scratch: "Scratch size",
  lds: "LDS size",
  subgroups: "Subgroups per SIMD",
  instructions: "Instructions",
  latency: "Latency",
} as const;

/** `fma_mix` takes halves as operands and sums in float32; times 1 and less 0 it only widens one. */
const MULTIPLY_ADD =
  /\bv_(?:dual_)?(?:fma|fmac|fmaak|fmamk|fma_mix|mac|mad|mad_mix)_(?:legacy_)?f32(?! \S+ \S+ 1\.0, neg\(0\))/g;
/** Instructions for matrices, with their sizes; a subgroup of 32 invocations shares the multiply-adds. */
const MATRIX = /\bv_wmma_f32_(\d+)x(\d+)x(\d+)_f16/g;
const SHARED_BY = 32;
const LDS_LOAD = /\bds_(?:load|read)/;
const BRANCH = /\bs_c?branch\w*\s+BB(\d+)/;

/** Reads what RADV prints under RADV_DEBUG=shaderstats,asm for one shader. @throws Error where a statistic is missing. */
export function readListing(text: string): Compiled {
  const stat = (name: string): number => {
    const found = text.match(new RegExp(`^${name}: (\\d+)$`, "m"));
    if (!found)
      throw new Error(
        `the compiler printed no "${name}"; RADV of Mesa 25 prints it under RADV_DEBUG=shaderstats`,
      );
    return Number(found[1]);
  };
  const numbers = Object.fromEntries(Object.entries(STATISTICS).map(([key, name]) => [key, stat(name)]));
  return { ...(numbers as Record<keyof typeof STATISTICS, number>), ...countInLoops(text) };
}

interface Block {
  id: number;
  multiplyAdds: number;
  ldsLoads: number;
  matrices: number;
  targets: number[];
}

/** Counts instructions of blocks inside of loops; a branch back to a block makes a loop of all from there. */
function countInLoops(text: string): Pick<Compiled, "multiplyAdds" | "ldsLoads" | "matrices"> {
  const blocks: Block[] = [];
  for (const line of text.split("\n")) {
    const begun = line.match(/^BB(\d+):/);
    if (begun) blocks.push({ id: Number(begun[1]), multiplyAdds: 0, ldsLoads: 0, matrices: 0, targets: [] });
    const block = blocks.at(-1);
    if (!block) continue;
    block.multiplyAdds += line.match(MULTIPLY_ADD)?.length ?? 0;
    for (const [, m, n, k] of line.matchAll(MATRIX)) {
      block.matrices++;
      block.multiplyAdds += (Number(m) * Number(n) * Number(k)) / SHARED_BY;
    }
    if (LDS_LOAD.test(line)) block.ldsLoads++;
    const target = line.match(BRANCH);
    if (target) block.targets.push(Number(target[1]));
  }
  const loops = blocks.flatMap(({ id, targets }) =>
    targets.filter((target) => target <= id).map((target) => [target, id] as const),
  );
  // Loops that read workgroup memory, where there are any: others end a tile.
  const within = ([first, last]: readonly [number, number]) =>
    blocks.filter(({ id }) => id >= first && id <= last);
  const reading = loops.filter((loop) => within(loop).some(({ ldsLoads }) => ldsLoads > 0));
  const inside = new Set((reading.length > 0 ? reading : loops).flatMap(within));
  const total = (of: (block: Block) => number) => [...inside].reduce((sum, block) => sum + of(block), 0);
  return {
    multiplyAdds: total((b) => b.multiplyAdds),
    ldsLoads: total((b) => b.ldsLoads),
    matrices: total((b) => b.matrices),
  };
}
