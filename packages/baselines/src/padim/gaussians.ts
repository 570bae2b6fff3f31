import {
  add,
  cholesky,
  concat,
  type Device,
  eye,
  mahalanobis,
  matmul,
  mean,
  mul,
  permute,
  scope,
  slice,
  sub,
  type Tensor,
  tensor,
} from "@inctrl/tensor";
import { BaselineError } from "../errors.js";

/** The Gaussians of a range of positions. */
interface Part {
  readonly start: number;
  readonly end: number;
  /** [positions, d]. */
  readonly mean: Tensor;
  /** The orthonormal contrasts of the vectors over sqrt(samples - 1), [positions, samples - 1, d]. */
  readonly factors: Tensor;
  /** The Cholesky factor of their Gram matrix plus epsilon I. */
  readonly lower: Tensor;
}

/** Vectors that Gaussians are fitted to. */
export interface Samples {
  readonly device: Device;
  readonly samples: number;
  readonly positions: number;
  readonly width: number;
  /** The samples at positions `start` to `end`, [samples, end - start, width]; called in a scope. */
  vectors(start: number, end: number): Tensor;
}

/** Bytes of what is made of a range of positions at once. */
const PART_BYTES = 2 ** 26;

/**
 * A Gaussian for each position over a few samples, with the covariance S + epsilon I, S being unbiased: PaDiM's and RegAD's. S has
 * rank samples - 1, and is kept as that many contrasts A (Helmert's), A A^T = S; distances follow from them without an inverse
 * (see `mahalanobis`). One sample leaves epsilon I.
 *
 * @example
 * const gaussians = Gaussians.fit({ device, samples: 4, positions, width, vectors: (a, b) => slice(x, [null, [a, b]]) }, 0.01);
 * const distance = gaussians.distance(query); // [views, positions]
 */
export class Gaussians {
  readonly epsilon: number;
  readonly parts: readonly Part[];

  private constructor(parts: readonly Part[], epsilon: number) {
    this.parts = parts;
    this.epsilon = epsilon;
  }

  /** @throws BaselineError `options` unless epsilon is above 0. */
  static fit(given: Samples, epsilon: number): Gaussians {
    if (!(epsilon > 0))
      throw new BaselineError(
        "options",
        `epsilon is ${epsilon}; it must be above 0, or covariances are singular`,
      );
    const { device, samples, positions, width } = given;
    const n = samples - 1;
    const bytes = 4 * width * Math.max(samples, 64 * Math.ceil(n / 64));
    const step = Math.max(1, Math.floor(Math.min(PART_BYTES, device.caps.maxBindingBytes) / bytes));
    const parts: Part[] = [];
    for (let start = 0; start < positions; start += step) {
      const end = Math.min(positions, start + step);
      parts.push({ start, end, ...scope(() => fitPart(given.vectors(start, end), epsilon)) });
    }
    return new Gaussians(parts, epsilon);
  }

  /** Mahalanobis distances. @param x [views, positions, width]. @returns [views, positions]. */
  distance(x: Tensor): Tensor {
    return scope(() =>
      concat(
        this.parts.map(({ start, end, mean, factors, lower }) => {
          const own = this.parts.length === 1 ? x : slice(x, [null, [start, end]]);
          return mahalanobis(own, mean, factors, lower, this.epsilon);
        }),
        1,
      ),
    );
  }

  /** Of each position, [positions, d]. */
  mean(): Tensor {
    return scope(() => concat(this.parts.map(({ mean }) => mean)));
  }

  tensors(): Tensor[] {
    return this.parts.flatMap(({ mean, factors, lower }) => [mean, factors, lower]);
  }

  dispose(): void {
    for (const each of this.tensors()) each.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** @param x [samples, positions, width]. */
function fitPart(x: Tensor, epsilon: number): Pick<Part, "mean" | "factors" | "lower"> {
  const { device } = x;
  const n = x.shape[0] - 1;
  const middle = mean(x, 0);
  // Contrasts of centred values are the same, and lose no digits to a large mean.
  const centred = permute(sub(x, middle), [1, 0, 2]);
  const factors = matmul(tensor(device, contrasts(n + 1), [n, n + 1]), centred);
  const gram = matmul(factors, factors, { transposeB: true });
  return {
    mean: middle,
    factors,
    lower: cholesky(add(gram, mul(eye(device, n), epsilon)), { least: epsilon }),
  };
}

/** Helmert's contrasts of K values over sqrt(K - 1), [K - 1, K]: row k is (x_1 + .. + x_k - k x_{k+1}) / sqrt(k (k + 1) (K - 1)). */
export function contrasts(samples: number): Float32Array {
  return Float32Array.from({ length: (samples - 1) * samples }, (_, i) => {
    const [k, at] = [Math.floor(i / samples) + 1, i % samples];
    const entry = at < k ? 1 : at === k ? -k : 0;
    return entry / Math.sqrt(k * (k + 1) * (samples - 1));
  });
}
