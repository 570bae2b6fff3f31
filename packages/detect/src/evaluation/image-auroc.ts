import type { FittedDetector } from "../detector.js";
import type { ImageItem } from "../images/source.js";
import { auroc } from "../metrics/metrics.js";
import { scoreImages } from "../score-images.js";

/**
 * Image-level AUROC of labelled images. Those that cannot be read, or have no finite score, are left out.
 *
 * @returns null where the images are of one kind alone.
 * @example
 * const found = await imageAuroc(fitted, category.test); // 0.93
 */
export async function imageAuroc(
  fitted: FittedDetector,
  images: readonly (ImageItem & { readonly label: 0 | 1 })[],
): Promise<number | null> {
  const labels: (0 | 1)[] = [];
  const scores: number[] = [];
  let at = 0;
  for await (const result of scoreImages(fitted, images, { facts: false })) {
    const { label } = images[at++];
    if ("error" in result) continue;
    labels.push(label);
    scores.push(result.score);
  }
  return auroc(labels, scores);
}
