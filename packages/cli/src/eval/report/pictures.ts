import { prepareImage } from "@inctrl/clip";
import { type Category, type DataSet, encodePng, type Sample, toRGB } from "@inctrl/datasets";
import {
  type Backbone,
  type Box,
  PromptBank,
  type RgbImage,
  renderHeatmap,
  Scorer,
  scaleOf,
} from "@inctrl/inctrl";
import { mergeViews } from "../../heatmaps/merge.js";
import { shrink } from "../../heatmaps/picture.js";
import type { Mistake } from "./choose.js";

/** Pictures are about this long on their longer side. */
const SIDE = 176;

/** A mistake with its pictures, each a PNG as a data URL. */
export interface Shown {
  readonly mistake: Mistake;
  readonly image: string;
  readonly heatmap: string;
  /** The prompt whose patch comes nearest to the most anomalous one. */
  readonly prompt: string;
  readonly promptName: string;
  /** Kind of the sample, as the data set calls it. */
  readonly kind: string;
}

/** How images reach the model. */
interface Sight {
  readonly backbone: Backbone;
  readonly fit: PromptBank["fit"];
}

/** Draws the mistakes, in their order. Their images and prompts are read and encoded once more. */
export async function drawMistakes(
  mistakes: readonly Mistake[],
  dataSet: DataSet,
  sight: Sight,
): Promise<Shown[]> {
  const shown = new Map<Mistake, Shown>();
  for (const category of dataSet.categories) {
    const own = mistakes.filter((mistake) => mistake.category.name === category.name);
    if (own.length === 0) continue;
    for (const drawn of await drawCategory(category, own, sight)) shown.set(drawn.mistake, drawn);
  }
  return mistakes.map((mistake) => shown.get(mistake)!);
}

/** The mistakes of a category, all of one draw, in one colour scale. */
async function drawCategory(
  { train, test }: Category,
  mistakes: readonly Mistake[],
  { backbone, fit }: Sight,
): Promise<Shown[]> {
  const prepare = async (sample: Sample) =>
    prepareImage(await sample.load(), backbone.config.preprocess, fit);
  const prompts = mistakes[0]!.draw.prompts.map((id) => train.find((sample) => sample.id === id)!);
  const named = prompts.map(async (sample) => ({ name: sample.id, views: await prepare(sample) }));
  using bank = await PromptBank.encode(backbone, await Promise.all(named), { fit });
  using scorer = new Scorer({ backbone, bank });
  const seen = [];
  for (const mistake of mistakes) {
    const sample = test[mistake.index]!;
    seen.push({ mistake, sample, views: await scorer.score(await prepare(sample)) });
  }
  const scale = scaleOf(seen.flatMap(({ views }) => views.map(({ map }) => map))) ?? { low: 0, high: 1 };
  const shown: Shown[] = [];
  for (const { mistake, sample, views } of seen) {
    const { match } = views.reduce((most, view) => (view.residual > most.residual ? view : most));
    const prompt = prompts[match.prompt]!;
    const { picture, place } = await thumbnail(sample);
    const { box, ...grid } = mergeViews(views);
    shown.push({
      mistake,
      kind: sample.kind,
      image: dataUrl(picture),
      heatmap: dataUrl(renderHeatmap({ image: picture, ...grid, box: place(box), scale })),
      prompt: dataUrl((await thumbnail(prompt)).picture),
      promptName: prompt.id,
    });
  }
  return shown;
}

async function thumbnail(sample: Sample): Promise<{ picture: RgbImage; place: (box: Box) => Box }> {
  const original = toRGB(await sample.load());
  const picture = shrink(original, Math.round(Math.max(original.width, original.height) / SIDE));
  const [sx, sy] = [picture.width / original.width, picture.height / original.height];
  const place = ({ x, y, width, height }: Box) => ({
    x: x * sx,
    y: y * sy,
    width: width * sx,
    height: height * sy,
  });
  return { picture, place };
}

function dataUrl(picture: { width: number; height: number; data: Uint8Array }): string {
  return `data:image/png;base64,${Buffer.from(encodePng(picture)).toString("base64")}`;
}
