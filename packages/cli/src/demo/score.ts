import type { Category, Sample } from "@inctrl/datasets";
import {
  auroc,
  type Detector,
  type FittedDetector,
  fileImages,
  fitImages,
  type MapStore,
  type PromptAlbum,
  scoreImages,
  storedMaps,
} from "@inctrl/detect";
import { CliError } from "../errors.js";
import { openAlbum } from "../heatmaps.js";
import { print } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { withProgress } from "../ui/progress.js";

/** Prompts of each product. */
export const SHOTS = 4;

/** AUROC of the score and of s_p alone. */
export interface ClassAreas {
  readonly full: number;
  readonly residual: number;
}

/** An image of a class with its score, and s_p alone. */
interface Scored {
  readonly sample: Sample;
  readonly full: number;
  readonly residual: number;
}

/** Scores a class's test images against its first K normal ones, and stores their maps. */
export async function scoreClass(
  detector: Detector,
  { name, className, train, test }: Category,
  maps: MapStore,
  signal: AbortSignal,
): Promise<{ album: PromptAlbum; scores: Scored[] }> {
  const prompts = fileImages(train.slice(0, SHOTS).map(({ source }) => source!.path));
  using fitted: FittedDetector = await fitImages(detector, prompts, { className });
  const samples = new Map(test.map((sample) => [sample.source!.path, sample]));
  const scores: Scored[] = [];
  await withProgress({ total: samples.size, verb: `scoring ${name}` }, async (update) => {
    for await (const result of scoreImages(fitted, fileImages(samples.keys()), { signal })) {
      if ("error" in result) throw result.error;
      const sample = samples.get(result.image)!;
      const picture = sample.id
        .replace("/test/", "-")
        .replace(/\.png$/, "")
        .replaceAll("/", "-");
      await maps.add(storedMaps(result, picture, fitted.prompts));
      scores.push({ sample, full: result.score, residual: result.parts.s_p });
      update(scores.length);
    }
  });
  return { album: openAlbum(fitted), scores };
}

/** Prints a class's images, the most anomalous first, and its AUROC, which is returned. */
export async function printClass(name: string, scores: readonly Scored[]): Promise<ClassAreas> {
  const labels = scores.map(({ sample }) => sample.label);
  const area = (key: keyof ClassAreas) =>
    auroc(
      labels,
      scores.map((each) => each[key]),
    );
  const [full, residual] = [area("full"), area("residual")];
  if (full == null || residual == null)
    throw new CliError("input", `${name}: only one kind of image was drawn`);
  const rows = scores
    .toSorted((a, b) => b.full - a.full)
    .map((each) => [each.full.toFixed(4), each.residual.toFixed(4), each.sample.kind, each.sample.id]);
  await print(
    `${name}: AUROC ${full.toFixed(4)}, by the patch residual alone ${residual.toFixed(4)}\n` +
      `${alignTable([["score", "residual", "truth", "image"], ...rows])}\n`,
  );
  return { full, residual };
}
