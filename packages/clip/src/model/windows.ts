import { concat, gather, reshape, scope, slice, split, type Tensor, TensorError } from "@inctrl/tensor";
import type { Grid } from "../checkpoint/positional.js";
import type { Transformer } from "./block.js";

/** Bytes that the widest tensor of a run may take: windows multiply an image's tokens by twelve. */
const CHUNK_BYTES = 2 ** 27;

/**
 * Every square of `side` x `side` patches inside a grid, one patch apart, row by row: the numbers of its patches, row by row.
 *
 * @throws TensorError `argument` where the grid has no such square.
 * @example windowPatches({ rows: 2, columns: 3 }, 2) // [[0, 1, 3, 4], [1, 2, 4, 5]]
 */
export function windowPatches({ rows, columns }: Grid, side: number): number[][] {
  if (!Number.isInteger(side) || side < 1 || side > Math.min(rows, columns)) {
    throw new TensorError(
      "argument",
      `windows of ${side} x ${side} patches do not fit into a grid of ${rows} x ${columns}; take larger images or smaller windows`,
    );
  }
  const windows: number[][] = [];
  for (let top = 0; top + side <= rows; top++) {
    for (let left = 0; left + side <= columns; left++) {
      windows.push(
        Array.from({ length: side * side }, (_, i) => {
          return (top + Math.floor(i / side)) * columns + left + (i % side);
        }),
      );
    }
  }
  return windows;
}

/** Short sequences of the tokens of an image. */
export interface Sequences {
  /** For each size of sequence the numbers of its tokens: first those whose output is wanted. */
  readonly sizes: readonly (readonly (readonly number[])[])[];
  /** How many of a sequence's first tokens are wanted. */
  readonly wanted: number;
}

/**
 * Runs sequences of picked tokens, each by itself (WinCLIP, Jeong et al. 2023, section 4.2). All sizes share the products of the
 * linear layers; what the first block computes of a token alone is computed once and then picked; the last block computes what
 * is wanted only. All of it is exact.
 *
 * @param tokens before the first block, [batch, tokens, width].
 * @returns for each size [batch, sequences, wanted, width].
 */
export function runSequences(
  transformer: Transformer,
  tokens: Tensor,
  { sizes, wanted }: Sequences,
): Tensor[] {
  const [batch, count, width] = tokens.shape;
  const blocks = transformer.resblocks;
  const rows = sizes.flatMap((sequences) =>
    Array.from({ length: batch }, (_, image) =>
      sequences.flat().map((token) => image * count + token),
    ).flat(),
  );
  const index = Int32Array.from(rows);
  const lengths = sizes.map((sequences) => sequences[0].length);
  const parts = sizes.map((sequences, i) => batch * sequences.length * lengths[i]);
  const pick = (x: Tensor) => reshape(gather(reshape(x, [batch * count, -1]), index), [1, index.length, -1]);
  const apart = (x: Tensor) =>
    split(x, parts, 1).map((part, i) => reshape(part, [-1, lengths[i], part.shape[2]]));
  const together = (some: readonly Tensor[]) =>
    concat(
      some.map((part) => reshape(part, [1, -1, part.shape[2]])),
      1,
    );
  return scope(() => {
    let x = pick(tokens);
    for (const [i, block] of blocks.entries()) {
      const before = x;
      const queries = i + 1 < blocks.length ? undefined : wanted;
      x = scope(() => {
        const qkv = i === 0 ? pick(block.project(tokens)) : block.project(x);
        const attended = together(apart(qkv).map((part) => block.attn.attend(part, { queries })));
        const input = queries ? together(apart(x).map((part) => slice(part, [null, [0, queries]]))) : x;
        return block.finish(attended, input);
      });
      before.dispose();
    }
    const ends = sizes.map((sequences) => batch * sequences.length * wanted);
    return split(x, ends, 1).map((part) => reshape(part, [batch, -1, wanted, width]));
  });
}

/** Images of so many rows and values a row that run together. */
export const imagesAtOnce = (rows: number, widest: number): number =>
  Math.max(1, Math.floor(CHUNK_BYTES / (4 * rows * widest)));
