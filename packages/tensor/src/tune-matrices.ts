import { tensor } from "./create.js";
import type { Device } from "./device/device.js";
import { TensorError } from "./errors.js";
import { f16ToF32, f32ToF16 } from "./files/half.js";
import { matrixTile } from "./kernels/matrix.js";
import { planGemm } from "./kernels/plan.js";
import type { Tile } from "./kernels/tile.js";
import { MATRIX_KEY } from "./kernels/tuning.js";
import { matmul } from "./ops/matmul.js";
import { packMatrix } from "./ops/packed.js";
import { uniform } from "./random.js";
import { scope } from "./scope.js";
import { MARGIN, medianTimes } from "./tune.js";

type ProductShape = readonly [rows: number, inner: number, columns: number];

/** What was found of a GPU's matrix instructions. */
export interface TunedMatrices {
  /** Whether products with float16 weights use them from now on. */
  readonly used: boolean;
  /** The largest error of the self-test over its bound: 1 or less where they compute rightly. */
  readonly error: number;
  /** What was measured, in median milliseconds without and with them; empty where nothing was. */
  readonly products: readonly { shape: ProductShape; plainMs: number; matrixMs: number }[];
}

export interface TuneMatricesOptions {
  /** Whether they may be used where no decision is there yet. Default true. */
  readonly measure?: boolean;
  /** Products to measure: rows, inner size and columns. Default: those of one image and of eight in ViT-B-16-plus-240. */
  readonly shapes?: readonly ProductShape[];
  /** Timed runs of each, by turns. Default 7. */
  readonly runs?: number;
  /** Milliseconds. Default `performance.now`. */
  readonly clock?: () => number;
}

/** One image in two layers of ViT-B-16-plus-240, and eight in the widest. */
const MEASURED: readonly ProductShape[] = [
  [226, 896, 896],
  [226, 896, 3584],
  [8 * 226, 896, 3584],
];

/**
 * Decides whether products with float16 weights use a GPU's matrix instructions, and puts the decision into `device.tuning`. They are used where
 * their results lie within the rounding of float32 sums from the exact ones of float16 operands, and where they are faster for few rows and
 * for many: the choice is one for all products, since a score must not depend on the batch. A decision that is there already is only tested again.
 *
 * @throws TensorError `kernel` where the driver refuses their kernel; the device then has to be opened again without them.
 * @returns what was found; null where the device has none (`openDevice({ matrices: true })` asks for them).
 * @example
 * const found = await tuneMatrices(await openDevice({ matrices: true }));
 * console.log(found?.used ?? false);
 */
export async function tuneMatrices(
  device: Device,
  { measure = true, shapes = MEASURED, runs = 7, clock }: TuneMatricesOptions = {},
): Promise<TunedMatrices | null> {
  const { caps, tuning } = device;
  if (!caps.matrix) return null;
  const [plain, matrix] = [planGemm(...MEASURED[0], caps), matrixTile(caps.matrix)];
  const kept = tuning.get(MATRIX_KEY);
  if (kept ? kept.kind !== "matrix" : !measure) return { used: false, error: 0, products: [] };
  tuning.set(MATRIX_KEY, matrix);
  const error = await selfTest(device).catch((cause) => {
    tuning.set(MATRIX_KEY, plain);
    throw new TensorError(
      "kernel",
      `the driver refuses subgroup matrices (${(cause as Error).message}); leave them out (INCTRL_MATRICES, or matrices of openDevice)`,
      { cause },
    );
  });
  const right = error <= 1;
  const products = kept || !right ? [] : await timed(device, [plain, matrix], shapes, runs, clock);
  const used = right && products.every(({ plainMs, matrixMs }) => matrixMs < MARGIN * plainMs);
  tuning.set(MATRIX_KEY, used ? matrix : plain);
  return { used, error, products };
}

/** Whether products with float16 weights use a GPU's matrices. */
export const usesMatrices = ({ tuning }: Pick<Device, "tuning">): boolean =>
  tuning.get(MATRIX_KEY)?.kind === "matrix";

/** Sizes that are multiples of nothing but four, which k must be. */
const [ROWS, INNER, COLUMNS] = [70, 44, 75];
/** Matrices may cut off bits of sums instead of rounding them: each addition is off by a unit in the last place at most. */
const UNIT = 2 ** -23;

/** The largest error of a small product over its bound; operands are halves, so that the products of two are exact in float32. */
async function selfTest(device: Device): Promise<number> {
  const [a, b] = [ROWS * INNER, INNER * COLUMNS].map((count, i) =>
    f16ToF32(
      f32ToF16(
        Float32Array.from({ length: count }, (_, at) => Math.sin((i + 1) * 12.9898 + at * 0.7391 + (at % 7))),
      ),
    ),
  );
  const made = scope(() => {
    const weight = packMatrix(tensor(device, b, [INNER, COLUMNS]), { dtype: "float16" });
    return matmul(tensor(device, a, [ROWS, INNER]), weight);
  });
  const got = await made.data();
  made.dispose();
  let worst = 0;
  for (const [at, value] of got.entries()) {
    const [row, column] = [Math.floor(at / COLUMNS), at % COLUMNS];
    let [want, size] = [0, 0];
    for (let k = 0; k < INNER; k++) {
      const product = a[row * INNER + k] * b[k * COLUMNS + column];
      want += product;
      size += Math.abs(product);
    }
    const error = Math.abs(value - want) / (INNER * UNIT * size);
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

/** Median times of products of each shape by two tiles. */
async function timed(
  device: Device,
  [plain, matrix]: readonly Tile[],
  shapes: readonly ProductShape[],
  runs: number,
  clock?: () => number,
) {
  const products = [];
  for (const shape of shapes) {
    const [m, k, n] = shape;
    const { x, weight } = scope(() => ({
      x: uniform(device, [m, k], { seed: 1 }),
      weight: packMatrix(uniform(device, [k, n], { seed: 2 }), { dtype: "float16" }),
    }));
    try {
      const by = (tile: Tile) => () => {
        device.tuning.set(MATRIX_KEY, tile);
        return matmul(x, weight);
      };
      const [plainMs, matrixMs] = await medianTimes(device, [by(plain), by(matrix)], runs, clock);
      products.push({ shape, plainMs, matrixMs });
    } finally {
      x.dispose();
      weight.dispose();
    }
  }
  return products;
}
