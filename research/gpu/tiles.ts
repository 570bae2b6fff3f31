// Which tile of a matrix product keeps a GPU of so many multiprocessors busiest, by the arithmetic of both limits. Nothing runs on a GPU.
//
//   npm run -s research -- research/gpu/tiles.ts
import { tileHeight, tileWidth } from "../../packages/tensor/src/kernels/tile.js";
import { markdown } from "../report.js";

/** Lines of 8 invocations, rows of an invocation, and its vectors of four columns. */
const TILES = [
  { lines: 4, rows: 4, vectors: 1 },
  { lines: 8, rows: 4, vectors: 1 },
  { lines: 4, rows: 8, vectors: 1 },
  { lines: 8, rows: 4, vectors: 2 },
  { lines: 4, rows: 12, vectors: 1 },
  { lines: 4, rows: 8, vectors: 2 },
  { lines: 8, rows: 8, vectors: 2 },
].map((tile) => ({ lanes: 8, ...tile }));

const MULTIPROCESSORS = [20, 46, 84, 128];
/** Subgroups of 32 invocations of which a multiprocessor issues one instruction each at once. */
const [SUBGROUP, SCHEDULERS] = [32, 4];

/**
 * Clocks that one value of k takes the busiest multiprocessor, of two limits: its schedulers issue one instruction a clock each, and its
 * workgroup memory answers a load of vectors in one clock where its invocations share what they read, else in four.
 */
function clocks(tile: (typeof TILES)[number], [m, n]: readonly [number, number], multiprocessors: number) {
  const groups = Math.ceil(m / tileHeight(tile)) * Math.ceil(n / tileWidth(tile));
  const subgroups = (Math.ceil(groups / multiprocessors) * tile.lanes * tile.lines) / SUBGROUP;
  const { loads, outputs } = workOf(tile);
  const issued = (loads + outputs) * Math.ceil(subgroups / SCHEDULERS);
  return [1, 4].map((each) => Math.max(issued, each * loads * subgroups));
}

/** Loads of vectors and multiply-adds of an invocation for one value of k. */
const workOf = ({ rows, vectors }: { rows: number; vectors: number }) => ({
  loads: rows / 4 + vectors,
  outputs: rows * 4 * vectors,
});

for (const shape of [
  [226, 896],
  [10, 640],
  [225, 1800],
] as const) {
  const rows = TILES.map((tile) => {
    const { loads, outputs } = workOf(tile);
    const groups = Math.ceil(shape[0] / tileHeight(tile)) * Math.ceil(shape[1] / tileWidth(tile));
    return [
      `${tileHeight(tile)} x ${tileWidth(tile)} of ${tile.rows} x ${4 * tile.vectors}`,
      (outputs / loads).toFixed(1),
      String((groups * tile.lanes * tile.lines) / SUBGROUP),
      ...MULTIPROCESSORS.map((count) => [...new Set(clocks(tile, shape, count))].join(" to ")),
    ];
  });
  const headings = ["tile", "multiply-adds per load", "subgroups", ...MULTIPROCESSORS.map((n) => `of ${n}`)];
  process.stdout.write(`${shape.join(" x ")}, clocks a value of k\n\n${markdown(headings, rows)}\n`);
}
