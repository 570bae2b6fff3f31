import { attentionLaneBody } from "./attention-lane.js";
import { attentionPanelBody } from "./attention-panel.js";
import { attentionSubgroupBody } from "./attention-subgroup.js";
import { attentionTileBody, LANES } from "./attention-tile.js";
import { defineKernel, u32 } from "./kernel.js";
import type { Tile } from "./tile.js";

/**
 * In `subgroup` and `panel` the lanes share a tile of queries; in `register` every invocation has a query of its own. In `workgroup` invocations share a
 * tile of both queries and keys (`tiled`), or as many share a query as have registers enough for a wide head. `rows` counts the queries of
 * a workgroup.
 */
export interface AttentionVariant extends Pick<Tile, "kind" | "lanes" | "rows"> {
  /** Products in registers, from queries and keys in workgroup memory. */
  tiled: boolean;
  /** Operands and output are bound as vec4f, and offsets and strides count vectors (`subgroup` and tiled; always in `panel`). */
  vector: boolean;
  /** Vectors of four columns of a head that an invocation keeps. But in `panel` the width itself is a uniform, so that heads of many widths share a pipeline. */
  parts: number;
  /** Heads fill these vectors. */
  whole: boolean;
  causal: boolean;
  mask: boolean;
}

/** Bodies in which a subgroup shares the queries. */
const BODIES: Partial<Record<Tile["kind"], typeof attentionSubgroupBody>> = {
  subgroup: attentionSubgroupBody,
  panel: attentionPanelBody,
};

/**
 * Scaled dot-product attention in one pass over the keys, with a running maximum and sum (online softmax), so that no
 * score is stored. Source: Milakov and Gimelshein 2018; Dao et al. 2022.
 *
 * Work split: workgroup (query tile, head, batch). Layouts by offset and stride, so q, k and v may share a buffer.
 */
export const attentionKernel = defineKernel("attention", (variant: AttentionVariant) => {
  const { kind, lanes, rows, parts, tiled, mask, vector } = variant;
  const element = vector ? "vec4f" : "f32";
  const layout = (name: string) => [`${name}Batch`, `${name}Head`, `${name}Token`];
  const bodyOf = tiled ? attentionTileBody : (BODIES[kind] ?? attentionLaneBody);
  const sharers = tiled ? LANES : BODIES[kind] ? lanes : lanes / rows;
  return {
    name: `attention ${kind} ${4 * parts * sharers}`,
    reads: { q: element, k: element, v: element, ...(mask ? { mask: "f32" } : {}) },
    writes: { out: element },
    uniforms: {
      ...u32("tq", "tk", "width", "parts"),
      ...{ scale: "f32", lowest: "f32" },
      ...u32("qOffset", "kOffset", "vOffset", ...["q", "k", "v", "out"].flatMap(layout)),
      ...u32("maskBatch", "maskHead", "maskQuery", "maskKey"),
    },
    workgroup: lanes,
    ...bodyOf(variant),
  };
});
