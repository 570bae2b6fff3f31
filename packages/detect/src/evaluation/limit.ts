import type { Category } from "@inctrl/datasets";

/** At most so many of a list, evenly spread over it. */
export const evenly = <T>(list: readonly T[], most: number): T[] =>
  list.length <= most
    ? [...list]
    : Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)]);

/** The same, the first and the last among them. */
export const evenlyWithEnds = <T>(list: readonly T[], most: number): readonly T[] =>
  list.length <= most
    ? list
    : Array.from({ length: most }, (_, i) => list[Math.round((i * (list.length - 1)) / (most - 1))]);

/**
 * A category with at most so many test images, evenly spread over their order: as large a share of anomalous ones as there was, and
 * at least one of either kind. Training images all stay.
 *
 * @param most 2 or more.
 * @example
 * limitTest(category, 100).test.length; // 100
 */
export function limitTest(category: Category, most: number): Category {
  const { test } = category;
  if (test.length <= most) return category;
  const [normal, anomalous] = [0, 1].map((label) => test.filter((sample) => sample.label === label));
  const share = Math.round((most * anomalous.length) / test.length);
  const bad = Math.max(Math.min(1, anomalous.length), Math.min(most - Math.min(1, normal.length), share));
  const kept = new Set([...evenly(anomalous, bad), ...evenly(normal, most - bad)]);
  return { ...category, test: test.filter((sample) => kept.has(sample)) };
}
