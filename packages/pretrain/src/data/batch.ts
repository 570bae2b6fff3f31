import type { BatchSpec } from "./renderer.js";

/** The images and captions of one step of pretraining, as typed arrays that a worker can send. */
export interface CaptionedBatch extends Pick<BatchSpec, "size" | "group"> {
  readonly count: number;
  /** RGB, [count, size, size, 3]. */
  readonly pixels: Uint8Array;
  /** 255 where a defect changed the image, [count, size, size]. */
  readonly masks: Uint8Array;
  readonly captions: readonly string[];
  /** The noun for the thing on each image. */
  readonly classNames: readonly string[];
  /** Equal for images of one class. */
  readonly classIds: readonly string[];
  /** Whether each image shows a defect. */
  readonly damaged: readonly boolean[];
}

/** The target share of each caption for each image, [count, count]: captions of the same class in the same state share it evenly. */
export function matchTargets({ count, classIds, damaged }: CaptionedBatch): Float32Array {
  const targets = new Float32Array(count * count);
  for (let i = 0; i < count; i++) {
    const same = Array.from(
      { length: count },
      (_, j) => classIds[i] === classIds[j] && damaged[i] === damaged[j],
    );
    const share = 1 / same.filter(Boolean).length;
    same.forEach((yes, j) => {
      if (yes) targets[i * count + j] = share;
    });
  }
  return targets;
}

/** A patch with a smaller covered share than this is neither good nor damaged. */
const MIN_COVERED = 0.04;

/**
 * Labels patches by the masks: 1 for a defect, -1 for none. The weights of each kind sum to a half; a patch that a defect barely
 * touches has weight 0.
 *
 * @returns both [count, grid * grid].
 */
export function patchTargets(
  { count, size, masks }: CaptionedBatch,
  patch: number,
): { labels: Float32Array; weights: Float32Array } {
  const grid = Math.floor(size / patch);
  const labels = new Float32Array(count * grid * grid);
  const weights = new Float32Array(labels.length);
  for (let i = 0; i < labels.length; i++) {
    const [image, cell] = [Math.floor(i / (grid * grid)), i % (grid * grid)];
    const start = image * size * size + Math.floor(cell / grid) * patch * size + (cell % grid) * patch;
    let covered = 0;
    for (let y = 0; y < patch; y++) {
      for (let x = 0; x < patch; x++) if (masks[start + y * size + x] !== 0) covered++;
    }
    labels[i] = covered > 0 ? 1 : -1;
    weights[i] = covered === 0 || covered >= MIN_COVERED * patch * patch ? 1 : 0;
  }
  for (const label of [1, -1]) {
    const total = weights.reduce((sum, weight, i) => sum + (labels[i] === label ? weight : 0), 0);
    for (let i = 0; i < labels.length; i++) if (labels[i] === label && total > 0) weights[i] /= 2 * total;
  }
  return { labels, weights };
}
