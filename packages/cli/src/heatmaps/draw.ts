import { basename, join } from "node:path";
import { prepareImage } from "@inctrl/clip";
import { encodePng, writeFileAtomic } from "@inctrl/datasets";
import {
  type Backbone,
  type Box,
  decodeInput,
  hashInput,
  type ImageScore,
  type PromptBank,
  renderHeatmap,
  renderPanel,
  type Scale,
} from "@inctrl/inctrl";
import { CliError, describe } from "../errors.js";
import { warn } from "../ui/log.js";
import { startProgress } from "../ui/progress.js";
import { mergeViews } from "./merge.js";
import { openPhoto, type Photo } from "./picture.js";
import type { Spool, SpooledImage } from "./spool.js";

/** What is spooled of an image that was scored. */
export function spooled(result: ImageScore, name: string, bank: PromptBank): SpooledImage {
  const { image, score, match, view } = result;
  return {
    image,
    name,
    score,
    prompt: bank.prompts[match.prompt]!.name,
    promptPatch: match.patch,
    queryPatch: match.queryPatch,
    view,
    views: result.views.map(({ map, grid, box }) => ({ map, grid, box })),
  };
}

/** A prompt to show beside the queries: its picture, and where its views lie in it. */
interface ShownPrompt {
  readonly photo: Photo;
  readonly boxes: readonly Box[];
}

/** Pictures of prompts held at a time. */
const PROMPTS_HELD = 8;

/** Finds the images of prompts; null, said once, where one is gone or is no longer the image that was encoded. */
export class PromptAlbum {
  readonly #hashes: ReadonlyMap<string, string | null>;
  readonly #backbone: Backbone;
  readonly #fit: PromptBank["fit"];
  readonly #shown = new Map<string, ShownPrompt | null>();

  constructor(bank: PromptBank, backbone: Backbone) {
    this.#hashes = new Map(bank.prompts.map(({ name, sha256 }) => [name, sha256]));
    this.#backbone = backbone;
    this.#fit = bank.fit;
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
    if (expected && (await hashInput(name)) !== expected) {
      throw new CliError("input", `${name}: this file has changed since the bank was made`);
    }
    const views = prepareImage(await decodeInput(name), this.#backbone.config.preprocess, this.#fit);
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
  const { box, ...grid } = mergeViews(entry.views);
  const heatmap = renderHeatmap({ image, ...grid, box: photo.place(box), scale, legend: true });
  await writeFileAtomic(join(folder, `${entry.name}.heatmap.png`), encodePng(heatmap));

  const prompt = await album.find(entry.prompt);
  if (!prompt) return;
  const view = entry.views[entry.view]!;
  const sides = { gridWidth: view.grid, gridHeight: view.grid };
  const patches = view.grid ** 2;
  const promptBox = prompt.boxes[Math.floor(entry.promptPatch / patches)]!;
  const panel = renderPanel({
    query: {
      image,
      box: photo.place(view.box),
      ...sides,
      patch: entry.queryPatch,
      caption: basename(entry.image),
    },
    prompt: {
      image: prompt.photo.image,
      box: prompt.photo.place(promptBox),
      ...sides,
      patch: entry.promptPatch % patches,
      caption: basename(entry.prompt),
    },
    map: view.map,
    scale,
    score: entry.score,
  });
  await writeFileAtomic(join(folder, `${entry.name}.panel.png`), encodePng(panel));
}
