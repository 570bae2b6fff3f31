import { prepareImage } from "@inctrl/clip";
import { type Box, count, readAs, type Sample, type Skipped, skippedBy } from "@inctrl/datasets";
import {
  type BestMatch,
  bestMatch,
  type Detector,
  leastMatch,
  type ViewScore,
  variantsOf,
} from "../detector.js";
import type { Encoder } from "../encoder/encoder.js";
import type { EncodedPrompt } from "../encoder/prompts.js";
import { DetectError } from "../errors.js";
import { PromptPool } from "../evaluation/prompt-pool.js";
import { type Scale, scaleOf } from "../heatmap/colormap.js";
import { mergeViews, type PlacedMap } from "../heatmap/merge.js";
import { fitHeight, type Photo, patchBox, photoOf } from "../heatmap/photo.js";
import { throughOneWindow, type WindowRequest } from "../images/window.js";
import { type ImageScore, scoreImages } from "../score-images.js";
import type { Queries } from "./queries.js";

/** A patch that is framed: the most anomalous one of a query and what it matches, or the least anomalous one. */
export type Framed = "most" | "least";

/** An image as the figure shows it, and the patches framed in it. */
export interface FramedImage extends Pick<Photo, "image"> {
  readonly name: string;
  /** In pixels of `image`. */
  readonly frames: Readonly<Partial<Record<Framed, Box>>>;
}

/** A query, the prompts that it is compared with, and its map. */
export interface Figure3Row extends Readonly<Record<Framed, BestMatch>> {
  readonly dataSet: string;
  readonly category: string;
  readonly kind: string;
  readonly label: 0 | 1;
  readonly score: number;
  readonly query: FramedImage;
  readonly prompts: readonly FramedImage[];
  /** Over the query, in pixels of its `image`. */
  readonly map: PlacedMap;
  /** Of all queries of the category. */
  readonly scale: Scale;
}

export interface Figure3Options {
  /** K. The prompts are the draw of seed 0, as an evaluation draws them. */
  readonly shots: number;
  readonly window?: WindowRequest;
  /** Told of a query or a prompt that is left out. */
  readonly onSkipped?: (skipped: Skipped) => void;
  readonly signal?: AbortSignal;
}

/** Height of the pictures, and the longest side of an image that is scaled to it, in pixels. */
const [HEIGHT, MAX_SIDE] = [208, 2048];

/**
 * Compares queries of a category with K prompts as figure 3 of the paper does: of each query the most anomalous patch, the least
 * anomalous one, the prompt patches that they match, and the map. With several views both patches are of the view that decided.
 *
 * @throws DetectError `evaluation` where the method matches no patches, and with too few prompts.
 * @example
 * const rows = await figure3Rows(detector, chooseQueries([dataSet])[0], { shots: 2 });
 */
export async function figure3Rows(
  detector: Detector,
  { dataSet, category: asked, samples }: Queries,
  { shots, window, onSkipped, signal }: Figure3Options,
): Promise<Figure3Row[]> {
  const { category, window: shown } = await throughOneWindow(asked, window);
  const queries = new Map(samples.map((sample) => [sample.id, readAs(sample, { window: shown })]));
  const { encoder } = detector;
  const skip = ({ id }: Sample, error: Error) => onSkipped?.(skippedBy(id, error));
  using pool = new PromptPool(category, encoder.root, variantsOf(detector), { onSkipped: skip, signal });
  const { prompts } = await pool.choose(shots, 0);
  if (signal?.aborted) return [];
  if (prompts.length < shots)
    throw new DetectError(
      "evaluation",
      `${category.name}: ${count(prompts.length, "normal training image")} for ${shots} prompts; ask for fewer`,
    );
  const found = await scored(detector, prompts, category.className, [...queries.values()], {
    onSkipped,
    signal,
  });
  const scale = scaleOf(found.flatMap(({ views }) => views.map(({ map }) => map.values)));
  const sampleOf = ({ name }: EncodedPrompt) => category.train.find(({ id }) => id === name) as Sample;
  const photos = await Promise.all(prompts.map((prompt) => openPrompt(sampleOf(prompt), encoder)));
  const rows: Figure3Row[] = [];
  for (const result of found) {
    const { label, kind, ...sample } = queries.get(result.image) as Sample;
    const facts = { dataSet, category: category.name, kind, label, score: result.score };
    const photo = fitted(await sample.load());
    rows.push({ ...facts, ...compared(result, photo, photos, detector), scale: scale as Scale });
  }
  return rows;
}

async function scored(
  detector: Detector,
  encoded: readonly EncodedPrompt[],
  className: string,
  queries: readonly Sample[],
  { onSkipped, signal }: Pick<Figure3Options, "onSkipped" | "signal">,
): Promise<ImageScore[]> {
  const prompts = encoded.map((prompt) => detector.encoder.pickPrompt(prompt));
  const found: ImageScore[] = [];
  try {
    using fitted = await detector.fit(prompts, { className });
    for await (const result of scoreImages(fitted, queries, { signal, facts: false })) {
      if ("error" in result) onSkipped?.(skippedBy(result.image, result.error));
      else found.push(result);
    }
  } finally {
    for (const prompt of prompts) prompt.dispose();
  }
  return found;
}

/** A prompt at the figure's height, and where its views lie in pixels of the file. */
interface ShownPrompt extends Photo {
  readonly name: string;
  readonly boxes: readonly Box[];
}

async function openPrompt(sample: Sample, { preprocess, fit }: Encoder): Promise<ShownPrompt> {
  const raster = await sample.load();
  const boxes = prepareImage(raster, preprocess, fit).map(({ box }) => box);
  return { ...fitted(raster), name: sample.id, boxes };
}

function fitted(raster: Parameters<typeof photoOf>[0]): Photo {
  const photo = photoOf(raster, (side) => Math.ceil(side / MAX_SIDE));
  const { image, place } = fitHeight(photo.image, HEIGHT);
  return { image, place: (box) => place(photo.place(box)) };
}

function compared(
  { image: name, view, views }: ImageScore,
  photo: Photo,
  prompts: readonly ShownPrompt[],
  { name: method }: Detector,
): Pick<Figure3Row, Framed | "query" | "prompts" | "map"> {
  const seen = views[view];
  const [most, least] = [bestMatch(seen), leastMatch(seen)];
  if (!most || !least)
    throw new DetectError(
      "evaluation",
      `${method} matches no patches, so that there are none to frame; take a method that does, such as residual`,
    );
  const framed = (frame: (match: BestMatch) => Box | undefined) => {
    const boxes = Object.entries({ most, least }).map(([name, match]) => [name, frame(match)] as const);
    return Object.fromEntries(boxes.filter(([, box]) => box));
  };
  const { map, box } = mergeViews(views);
  return {
    ...{ most, least, map: { map, box: photo.place(box) } },
    query: {
      ...{ name, image: photo.image },
      frames: framed((match) => photo.place(queryBox(seen, match))),
    },
    prompts: prompts.map((prompt, i) => ({
      ...{ name: prompt.name, image: prompt.image },
      frames: framed((match) =>
        match.prompt === i ? prompt.place(promptBox(seen, match, prompt)) : undefined,
      ),
    })),
  };
}

const queryBox = ({ box, map }: ViewScore, { queryGrid = map, queryPatch }: BestMatch): Box =>
  patchBox(box, queryGrid, queryPatch);

function promptBox({ map }: ViewScore, { promptGrid = map, patch }: BestMatch, { boxes }: ShownPrompt): Box {
  const patches = promptGrid.rows * promptGrid.columns;
  return patchBox(boxes[Math.floor(patch / patches)], promptGrid, patch % patches);
}
