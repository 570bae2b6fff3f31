import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import type { Category, Sample } from "@inctrl/datasets";

/**
 * Tells a category's images from others: sha256 over the samples' names, labels and kinds, the sizes of their files,
 * and the pixels of the first sample of each part. No other image is read.
 */
export async function categoryFingerprint({ name, className, train, test }: Category): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([name, className]));
  const seen = new Set<string>();
  for (const samples of [train, test]) {
    for (const { id, label, kind, source } of samples) {
      hash.update(JSON.stringify([id, label, kind]));
      if (!source || seen.has(source.path)) continue;
      seen.add(source.path);
      const info = await stat(source.path).catch(() => null);
      hash.update(String(info?.size ?? -1));
    }
    if (samples.length > 0) await addPixels(samples[0]);
  }
  return hash.digest("hex").slice(0, 32);

  async function addPixels(sample: Sample): Promise<void> {
    const raster = await sample.load().catch(() => null);
    if (raster) hash.update(`${raster.mode} ${raster.width} ${raster.height} `).update(raster.data);
  }
}
