import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { Category, Sample } from "@inctrl/datasets";
import { type HashOf, hashOnce, pinned } from "../images/sample-hash.js";

/**
 * Tells a category's images from others: sha256 over the samples' names, labels and kinds and the sha256 of each file of an image
 * or a mask. Samples that a program makes have no file: the pixels of the first one of each part stand for them.
 *
 * @param hashOf gives the sha256 of a file. Default: each is read once.
 */
export async function categoryFingerprint(
  { name, className, train, test }: Category,
  hashOf: HashOf = hashOnce(),
): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([name, className]));
  for (const samples of [train, test]) {
    let drawn = false;
    for (const sample of samples) {
      const { id, label, kind, source, maskFiles = [] } = sample;
      hash.update(JSON.stringify([id, label, kind]));
      const sum = await contentOf(sample, hashOf);
      const masks = maskFiles.map(async (path) => [basename(path), await hashed(path, hashOf)]);
      hash.update(JSON.stringify([source?.record, source?.box, sum, await Promise.all(masks)]));
      if (sum !== undefined || drawn) continue;
      drawn = true;
      await addPixels(sample);
    }
  }
  return hash.digest("hex");

  async function addPixels(sample: Sample): Promise<void> {
    const raster = await sample.load().catch(() => null);
    if (raster) hash.update(`${raster.mode} ${raster.width} ${raster.height} `).update(raster.data);
  }
}

/** The sha256 of the file behind a sample; null for one that cannot be read, undefined where there is none. */
async function contentOf({ source, sha256 }: Sample, hashOf: HashOf): Promise<string | null | undefined> {
  return source ? hashed(source.path, hashOf) : sha256?.().catch(() => null);
}

const hashed = (path: string, hashOf: HashOf): Promise<string | null> => hashOf(path).catch(() => null);

/** A category whose images are decoded from the bytes that its fingerprint knows, and refused when they have changed. */
export async function pinnedCategory(category: Category, hashOf: HashOf): Promise<Category> {
  const pin = async (sample: Sample): Promise<Sample> => {
    const sum = sample.source && (await hashed(sample.source.path, hashOf));
    return sum ? pinned(sample, sum) : sample;
  };
  const [train, test] = [category.train, category.test].map((samples) => Promise.all(samples.map(pin)));
  return { ...category, train: await train, test: await test };
}
