import type { DataSet } from "@inctrl/datasets";
import type { Detector } from "../detector.js";
import { evenly } from "../evaluation/limit.js";
import type { Evaluation } from "../evaluation/types.js";
import { type Mistake, shownDraw } from "../report/choose.js";
import { drawMistakes, type Shown } from "../report/pictures.js";

/** Images that are shown of a category, and in all. */
const [PER_CATEGORY, MOST] = [4, 24];

/** A test image and the map of it by each method, in their order; null where a method has not measured it. */
export interface ShownRow {
  /** The data set and its category. */
  readonly place: string;
  readonly id: string;
  readonly kind: string;
  readonly image: string;
  readonly maps: readonly (string | null)[];
}

/**
 * Draws the maps of a method of some anomalous images, evenly over the order of the data set, by the draw of the largest K with the
 * first seed. Images and prompts are read and encoded once more.
 *
 * @param options `most`: images in all. Default 24.
 */
export function drawMaps(
  { categories, shots }: Evaluation,
  dataSet: DataSet,
  detector: Detector,
  { most = MOST }: { most?: number } = {},
): Promise<Shown[]> {
  const wanted = categories.flatMap((category): Mistake[] => {
    const first = category.draws.filter(({ seed }) => !seed);
    const draw = shownDraw({ ...category, draws: first }, shots);
    if (!draw) return [];
    const anomalous = category.labels.flatMap((label, i) =>
      label === 1 && draw.scores[i] !== null ? [i] : [],
    );
    return evenly(anomalous, Math.min(most, PER_CATEGORY)).map((index) => ({
      ...{ category, draw, index, label: 1 as const, score: draw.scores[index] as number, wrong: 0 },
    }));
  });
  return drawMistakes(evenly(wanted, most), dataSet, detector);
}

/** The same images of a data set by all methods, from what `drawMaps` gave of each. */
export function rowsOf(dataSet: string, drawn: readonly (readonly Shown[])[]): ShownRow[] {
  const keyOf = ({ mistake: { category, index } }: Shown) =>
    JSON.stringify([category.name, category.ids[index]]);
  const found = drawn.map((shown) => new Map(shown.map((each) => [keyOf(each), each])));
  const all = new Map(drawn.flat().map((each) => [keyOf(each), each]));
  return [...all].map(
    ([
      key,
      {
        mistake: { category, index },
        kind,
        image,
      },
    ]) => ({
      place: category.name === dataSet ? dataSet : `${dataSet} ${category.name}`,
      ...{ id: category.ids[index], kind, image },
      maps: found.map((of) => of.get(key)?.heatmap ?? null),
    }),
  );
}
