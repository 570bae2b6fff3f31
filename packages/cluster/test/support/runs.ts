import { createRun, type Run, type Store, writeManifest } from "../../src/index.js";
import type { Chunk } from "../../src/run/manifest.js";
import type { Row } from "../../src/run/rows.js";
import { type ChunkScorer, scoreWorks } from "../../src/shards/score-chunk.js";

export const FACTS = {
  ...{ version: "1.2.3", model: "weights", bank: "bank", heads: null },
  ...{ calibration: null, options: { backbone: "nano" } },
};

/** Names of so many images; every seventh cannot be read. */
export const names = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `/archive/${String(i).padStart(7, "0")}${i % 7 === 6 ? "-bad" : ""}.png`,
  );

/** The line of an image: a score that its name decides. */
export const lineOf = (image: string): string =>
  JSON.stringify({
    image,
    score: [...image].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 997, 7) / 997,
  });

/** A run of images in chunks. */
export async function makeRun(
  store: Store,
  images: readonly string[],
  chunk = 10,
): Promise<{ run: Run; chunks: readonly Chunk[] }> {
  const manifest = await writeManifest(store, images, chunk);
  const { run } = await createRun(store, FACTS, {
    ...{ name: "run", images: manifest.images, chunk, chunks: manifest.chunks.length },
    manifest: manifest.sha256,
  });
  return { run, chunks: manifest.chunks };
}

/** Scores by name alone. */
export const scorer: ChunkScorer = {
  ...{ model: "weights", device: "none" },
  async *score(images) {
    for await (const image of images)
      yield image.includes("bad")
        ? { image, error: `${image}: is no image` }
        : { image, line: lineOf(image) };
  },
};

/** The rows of some images. */
export async function rowsOf(images: readonly string[]): Promise<Row[]> {
  const works = (async function* () {
    yield { images };
  })();
  for await (const { rows } of scoreWorks(scorer, works)) return [...rows];
  return [];
}

/** What merging must give: the lines of a process that scores all in turn. */
export const expected = (images: readonly string[]): string[] =>
  images.filter((image) => !image.includes("bad")).map(lineOf);
