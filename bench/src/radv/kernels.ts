import { attentionKernel } from "../../../packages/tensor/src/kernels/attention.js";
import { type GemmVariant, gemmKernel } from "../../../packages/tensor/src/kernels/gemm.js";
import type { Kernel } from "../../../packages/tensor/src/kernels/kernel.js";
import { DEPTH, matrixKernel, matrixTile } from "../../../packages/tensor/src/kernels/matrix.js";
import { nearestKernel } from "../../../packages/tensor/src/kernels/nearest.js";
import { planAttention, planGemm, planNearest } from "../../../packages/tensor/src/kernels/plan.js";
import { type Tile, tileHeight, tileWidth } from "../../../packages/tensor/src/kernels/tile.js";
import { kStep } from "../../../packages/tensor/src/kernels/workgroup-loop.js";

/** A GPU as the planner sees it. */
const GPU = { family: "workgroup", subgroupSize: 0, software: false, maxWorkgroupBytes: 32768 } as const;

/** A kernel as the planner chooses it for some sizes. */
export interface Planned {
  name: string;
  kernel: Kernel;
  /** Multiply-adds of an invocation in one turn of the main loop. */
  multiplyAdds: number;
}

const KEYS = 16;

/** Multiply-adds of an invocation of a tile in one turn. */
const ofTile = (tile: Tile): number =>
  (tile.kind === "direct" ? tile.steps : kStep(tile)) * tile.rows * tile.vectors * 4;

function product(name: string, [m, k, n]: readonly number[], more: Partial<GemmVariant> = {}): Planned {
  const tile = planGemm(m, k, n, GPU, undefined, 1, { run: k });
  const variant = {
    tile,
    half: false,
    bias: true,
    activation: null,
    residual: false,
    aligned: true,
    ...more,
  };
  return { name: `gemm ${m} x ${k} x ${n}${name}`, kernel: gemmKernel(variant), multiplyAdds: ofTile(tile) };
}

/** RDNA 3's matrices, in its smaller subgroups. */
const UNIT = { m: 16, n: 16, k: 16, lanes: 32, named: true } as const;

function matrixProduct([m, k, n]: readonly number[]): Planned {
  const tile = matrixTile(UNIT);
  const plain = { bias: true, activation: null, residual: false, aligned: true };
  return {
    name: `gemm ${m} x ${k} x ${n}, float16 weights by matrices`,
    kernel: matrixKernel({ tile, unit: UNIT, ...plain }),
    multiplyAdds: (tileHeight(tile) * tileWidth(tile) * DEPTH) / (tile.lanes * tile.lines),
  };
}

function attention(d: number): Planned {
  const plan = planAttention({ batch: 1, heads: 14, tq: 226, tk: 226, d }, true, GPU);
  return {
    name: `attention, heads of ${d}`,
    kernel: attentionKernel({ ...plan, causal: false, mask: false }),
    multiplyAdds: (2 * d * KEYS * plan.rows) / plan.lanes,
  };
}

function search([m, k, n]: readonly number[]): Planned {
  const { tile } = planNearest(m, k, n, GPU);
  return {
    name: `nearest ${m} x ${k} x ${n}`,
    kernel: nearestKernel({ tile, half: false }),
    multiplyAdds: ofTile(tile),
  };
}

/** The heavy kernels at the sizes of ViT-B-16-plus-240, for one image and for eight. */
export const plannedKernels = (): Planned[] => [
  product("", [226, 896, 896], { residual: true }),
  product(", gelu", [226, 896, 3584], { activation: "gelu" }),
  product("", [1808, 896, 896], { residual: true }),
  product(", gelu", [1808, 896, 3584], { activation: "gelu" }),
  product(", float16 weights", [1808, 896, 3584], { half: true }),
  matrixProduct([1808, 896, 3584]),
  product("", [10, 640, 640]),
  attention(64),
  attention(80),
  search([225, 896, 1800]),
  search([1800, 896, 1800]),
];
