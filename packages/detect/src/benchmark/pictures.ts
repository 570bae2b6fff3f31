import type { DataSet } from "@inctrl/datasets";
import type { Detector } from "../detector.js";
import { evenly } from "../evaluation/limit.js";
import type { Evaluation } from "../evaluation/types.js";
import { type Mistake, shownDraw } from "../report/choose.js";
import { drawMistakes, type Shown } from "../report/pictures.js";

/** Images that are shown of a category, and in all. */
const [PER_CATEGORY, MAX_PICTURES] = [4, 24];

/** Some of the images of each category, evenly over the order of the data set. */
export const shownOf = <T>(categories: readonly (readonly T[])[], most = MAX_PICTURES): T[] =>
  evenly(
    categories.flatMap((images) => evenly(images, Math.min(most, PER_CATEGORY))),
    most,
  );

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
  { most }: { most?: number } = {},
): Promise<Shown[]> {
  const wanted = categories.map((category): Mistake[] => {
    const first = category.draws.filter(({ seed }) => !seed);
    const draw = shownDraw({ ...category, draws: first }, shots);
    if (!draw) return [];
    return category.labels.flatMap((label, index) => {
      const score = draw.scores[index];
      return label === 1 && score !== null ? [{ category, draw, index, label, score, wrong: 0 }] : [];
    });
  });
  return drawMistakes(shownOf(wanted, most), dataSet, detector);
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
