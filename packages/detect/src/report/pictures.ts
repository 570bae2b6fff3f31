import { type Category, type DataSet, encodePng, type Picture, readAs, type Sample } from "@inctrl/datasets";
import { bestMatch, type Detector, fitImages } from "../detector.js";
import { scaleOf } from "../heatmap/colormap.js";
import { mergeViews } from "../heatmap/merge.js";
import { type Photo, photoOf } from "../heatmap/photo.js";
import { renderHeatmap } from "../heatmap/render.js";
import { type ImageScore, scoreImages } from "../score-images.js";
import type { Mistake } from "./choose.js";
import type { ReportInput } from "./write.js";

/** Pictures are about this long on their longer side. */
const SIDE = 176;

/** A mistake with its pictures, each a PNG as a data URL. */
export interface Shown {
  readonly mistake: Mistake;
  readonly image: string;
  readonly heatmap: string;
  /** The prompt with the patch most like the most anomalous one; null for methods that do not match patches. */
  readonly prompt: { readonly name: string; readonly image: string } | null;
  /** Kind of the sample, as the data set calls it. */
  readonly kind: string;
}

/** Draws the mistakes, in their order. Their images and prompts are encoded once more unless `known` gives what was found in all of them. */
export async function drawMistakes(
  mistakes: readonly Mistake[],
  dataSet: DataSet,
  detector: Detector,
  known?: ReportInput["found"],
): Promise<Shown[]> {
  const shown = new Map<Mistake, Shown>();
  for (const category of dataSet.categories) {
    const own = mistakes.filter((mistake) => mistake.category.name === category.name);
    if (own.length === 0) continue;
    for (const drawn of await drawCategory(category, own, detector, known)) shown.set(drawn.mistake, drawn);
  }
  return mistakes.map((mistake) => shown.get(mistake)!);
}

/** The mistakes of a category, all of one draw, in one colour scale. */
async function drawCategory(
  { name, className, train, test }: Category,
  mistakes: readonly Mistake[],
  detector: Detector,
  known: ReportInput["found"],
): Promise<Shown[]> {
  const { draw, category } = mistakes[0];
  const shownAs = (sample: Sample) => readAs(sample, { window: category.window });
  const prompts = draw.prompts.map((id) => shownAs(train.find((sample) => sample.id === id)!));
  const samples = mistakes.map(({ index }) => shownAs(test[index]));
  const given = samples.flatMap(({ id }) => known?.(name, id) ?? []);
  const found =
    given.length === samples.length ? given : await scoreAgain(detector, { className, prompts, samples });
  const maps = found.flatMap(({ views }) => views.map(({ map }) => map.values));
  const scale = scaleOf(maps) ?? { low: 0, high: 1 };
  const shown: Shown[] = [];
  for (const [i, { view, views }] of found.entries()) {
    const sample = samples[i];
    const match = bestMatch(views[view]);
    const prompt = match && prompts[match.prompt];
    const { image, place } = await thumbnail(sample);
    const { map, box } = mergeViews(views);
    shown.push({
      mistake: mistakes[i],
      kind: sample.kind,
      image: dataUrl(image),
      heatmap: dataUrl(renderHeatmap({ image, map, box: place(box), scale })),
      prompt: prompt && { name: prompt.id, image: dataUrl((await thumbnail(prompt)).image) },
    });
  }
  return shown;
}

async function scoreAgain(
  detector: Detector,
  {
    className,
    prompts,
    samples,
  }: Record<"prompts" | "samples", readonly Sample[]> & Pick<Category, "className">,
): Promise<ImageScore[]> {
  using fitted = await fitImages(detector, prompts, { className });
  const found: ImageScore[] = [];
  for await (const result of scoreImages(fitted, samples, { facts: false })) {
    if ("error" in result) throw result.error;
    found.push(result);
  }
  return found;
}

async function thumbnail(sample: Sample): Promise<Photo> {
  return photoOf(await sample.load(), (side) => Math.round(side / SIDE));
}

/** A picture as the source of an `img`. */
export function dataUrl(picture: Picture): string {
  return `data:image/png;base64,${Buffer.from(encodePng(picture)).toString("base64")}`;
}
