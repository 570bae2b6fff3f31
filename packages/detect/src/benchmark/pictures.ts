import type { DataSet } from "@inctrl/datasets";
import type { Detector } from "../detector.js";
import type { Evaluation } from "../evaluation/types.js";
import { type Mistake, shownDraw } from "../report/choose.js";
import { drawMistakes, type Shown } from "../report/pictures.js";

/** Images of a category that are shown, and of all categories. */
const [PER_CATEGORY, MOST] = [4, 24];

/** A test image and the map of it by each method, in their order; null where a method has not measured it. */
export interface ShownRow {
  readonly category: string;
  readonly id: string;
  readonly kind: string;
  readonly image: string;
  readonly maps: readonly (string | null)[];
}

/**
 * Draws the maps of a method of some anomalous images, evenly over the order of the data set, by the draw of the largest K with the
 * first seed. Images and prompts are read and encoded once more.
 */
export function drawMaps(
  { categories, shots }: Evaluation,
  dataSet: DataSet,
  detector: Detector,
): Promise<Shown[]> {
  const wanted = categories.flatMap((category): Mistake[] => {
    const first = category.draws.filter(({ seed }) => !seed);
    const draw = shownDraw({ ...category, draws: first }, shots);
    if (!draw) return [];
    const anomalous = category.labels.flatMap((label, i) =>
      label === 1 && draw.scores[i] !== null ? [i] : [],
    );
    return evenly(anomalous, PER_CATEGORY).map((index) => ({
      ...{ category, draw, index, label: 1 as const, score: draw.scores[index] as number, wrong: 0 },
    }));
  });
  return drawMistakes(wanted.slice(0, MOST), dataSet, detector);
}

/** The same images by all methods, from what `drawMaps` gave of each. */
export function rowsOf(drawn: readonly (readonly Shown[])[]): ShownRow[] {
  const keyOf = ({ mistake: { category, index } }: Shown) =>
    JSON.stringify([category.name, category.ids[index]]);
  const found = drawn.map((shown) => new Map(shown.map((each) => [keyOf(each), each])));
  const all = new Map(drawn.flat().map((each) => [keyOf(each), each]));
  return [...all].map(([key, { mistake, kind, image }]) => ({
    ...{ category: mistake.category.name, id: mistake.category.ids[mistake.index], kind, image },
    maps: found.map((of) => of.get(key)?.heatmap ?? null),
  }));
}

/** At most so many of a list, evenly spread over it. */
const evenly = <T>(list: readonly T[], most: number): T[] =>
  list.length <= most
    ? [...list]
    : Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)]);
