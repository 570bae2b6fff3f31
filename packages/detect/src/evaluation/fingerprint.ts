import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import type { Category, Sample } from "@inctrl/datasets";

/**
 * Tells a category's images from others: sha256 over the samples' names, labels and kinds, the sizes of their files
 * and of their masks', and the pixels of the first sample of each part. No other image is read.
 */
export async function categoryFingerprint({ name, className, train, test }: Category): Promise<string> {
  const hash = createHash("sha256").update(JSON.stringify([name, className]));
  const seen = new Set<string>();
  for (const samples of [train, test]) {
    for (const { id, label, kind, source, maskFiles = [] } of samples) {
      hash.update(JSON.stringify([id, label, kind]));
      if (source) await addFile(source.path);
      for (const path of maskFiles) {
        hash.update(basename(path));
        await addFile(path);
      }
    }
    if (samples.length > 0) await addPixels(samples[0]);
  }
  return hash.digest("hex").slice(0, 32);

  async function addFile(path: string): Promise<void> {
    if (seen.has(path)) return;
    seen.add(path);
    const info = await stat(path).catch(() => null);
    hash.update(String(info?.size ?? -1));
  }

  async function addPixels(sample: Sample): Promise<void> {
    const raster = await sample.load().catch(() => null);
    if (raster) hash.update(`${raster.mode} ${raster.width} ${raster.height} `).update(raster.data);
  }
}
