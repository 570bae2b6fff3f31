import { basename, join } from "node:path";
import { prepareImage } from "@inctrl/clip";
import { encodePng, writeFileAtomic } from "@inctrl/datasets";
import {
  type Box,
  bestMatch,
  type Encoder,
  type FittedDetector,
  fileImage,
  type ImageScore,
  mergeViews,
  type Photo,
  type PromptRecord,
  photoOf,
  renderHeatmap,
  renderPanel,
  type Scale,
} from "@inctrl/detect";
import { CliError, describe } from "../errors.js";
import { warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import type { Spool, SpooledImage } from "./spool.js";

/** What is spooled of an image that was scored. */
export function spooled(
  { image, score, view, views }: ImageScore,
  name: string,
  prompts: readonly PromptRecord[],
): SpooledImage {
  const match = bestMatch(views[view]!);
  return {
    ...{ image, name, score, view },
    match: match && { ...match, prompt: prompts[match.prompt]!.name },
    views: views.map(({ map, box }) => ({ map, box })),
  };
}

/** A prompt to show beside the queries: its picture, and where its views lie in it. */
interface ShownPrompt {
  readonly photo: Photo;
  readonly boxes: readonly Box[];
}

/** Pictures are drawn at most this many pixels a side: larger ones would take seconds and say no more. */
const MAX_SIDE = 2048;

/** Reads an image to draw on. @throws ImageError where it cannot be read. */
async function openPhoto(path: string): Promise<Photo> {
  return photoOf(await fileImage(path).load(), (side) => Math.ceil(side / MAX_SIDE));
}

/** Pictures of prompts held at a time. */
const PROMPTS_HELD = 8;

/** Finds the images of prompts; null, said once, where one is gone or is no longer the image that was encoded. */
export class PromptAlbum {
  readonly #hashes: ReadonlyMap<string, string | null>;
  readonly #encoder: Encoder;
  readonly #shown = new Map<string, ShownPrompt | null>();

  constructor({ detector, prompts }: FittedDetector) {
    this.#hashes = new Map(prompts.map(({ name, sha256 }) => [name, sha256]));
    this.#encoder = detector.encoder;
  }

  async find(name: string): Promise<ShownPrompt | null> {
    const known = this.#shown.get(name);
    if (known !== undefined) return known;
    for (const oldest of this.#shown.keys()) {
      if (this.#shown.size < PROMPTS_HELD) break;
      this.#shown.delete(oldest);
    }
    const found = await this.#open(name).catch((error) => {
      warn(`no panels with this prompt: ${describe(error)}`);
      return null;
    });
    this.#shown.set(name, found);
    return found;
  }

  async #open(name: string): Promise<ShownPrompt> {
    const expected = this.#hashes.get(name);
    const image = fileImage(name);
    if (expected && (await image.sha256?.()) !== expected) {
      throw new CliError("input", `${name}: this file has changed since the bank was made`);
    }
    const { backbone, fit } = this.#encoder;
    const views = prepareImage(await image.load(), backbone.config.preprocess, fit);
    return { photo: await openPhoto(name), boxes: views.map((view) => view.box) };
  }
}

export interface DrawOptions {
  readonly folder: string;
  readonly spool: Spool;
  /** Where to find a prompt's picture. */
  readonly album: (entry: SpooledImage) => PromptAlbum;
  readonly signal: AbortSignal;
  readonly quiet?: boolean;
}

/** How the drawing went: images drawn, and images that could no longer be read. */
export interface Drawn {
  readonly drawn: number;
  readonly failed: number;
}

/** Draws `NAME.heatmap.png` and `NAME.panel.png` for every spooled image, all in the colour scale of the run. */
export async function drawHeatmaps({ folder, spool, album, signal, quiet }: DrawOptions): Promise<Drawn> {
  const { scale } = spool;
  let drawn = 0;
  let failed = 0;
  if (!scale) return { drawn, failed };
  const progress = startProgress(spool.count, { verb: "drawing heat maps", quiet });
  try {
    for await (const entry of spool.read()) {
      if (signal.aborted) break;
      const photo = await openPhoto(entry.image).catch((error) => {
        warn(describe(error));
        return null;
      });
      if (photo) {
        await drawImage(folder, entry, photo, scale, album(entry));
        drawn++;
      } else failed++;
      progress.update(drawn + failed);
    }
  } finally {
    progress.stop();
  }
  return { drawn, failed };
}

async function drawImage(
  folder: string,
  entry: SpooledImage,
  photo: Photo,
  scale: Scale,
  album: PromptAlbum,
): Promise<void> {
  const { image } = photo;
  const { map, box } = mergeViews(entry.views);
  const heatmap = renderHeatmap({ image, map, box: photo.place(box), scale, legend: true });
  await writeFileAtomic(join(folder, `${entry.name}.heatmap.png`), encodePng(heatmap));

  const { match } = entry;
  const prompt = match && (await album.find(match.prompt));
  if (!match || !prompt) return;
  const view = entry.views[entry.view]!;
  const { rows, columns } = view.map;
  const patches = rows * columns;
  const promptBox = prompt.boxes[Math.floor(match.patch / patches)]!;
  const panel = renderPanel({
    query: {
      image,
      box: photo.place(view.box),
      ...{ rows, columns },
      patch: match.queryPatch,
      caption: basename(entry.image),
    },
    prompt: {
      image: prompt.photo.image,
      box: prompt.photo.place(promptBox),
      ...{ rows, columns },
      patch: match.patch % patches,
      caption: basename(match.prompt),
    },
    map: view.map,
    scale,
    score: entry.score,
  });
  await writeFileAtomic(join(folder, `${entry.name}.panel.png`), encodePng(panel));
}
