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

/** Scores of an image, or AUROC of a class: of what `score` does of itself, and of the full model beside it. */
export interface ClassAreas {
  readonly residual: number;
  readonly full: number;
}

/** The detector of `score`, which draws the maps, and the full model. */
export interface Detectors {
  readonly detector: Detector;
  readonly full: Detector;
}

/** An image of a class with its scores. */
interface Scored extends ClassAreas {
  readonly sample: Sample;
}

/** Scores a class's test images against its first K normal ones, and stores their maps. */
export async function scoreClass(
  { detector, full }: Detectors,
  { name, className, train, test }: Category,
  maps: MapStore,
  signal: AbortSignal,
): Promise<{ album: PromptAlbum; scores: Scored[] }> {
  const prompts = train.slice(0, SHOTS).map(({ source }) => source!.path);
  using fitted: FittedDetector = await fitImages(detector, fileImages(prompts), { className });
  using beside: FittedDetector = await fitImages(full, fileImages(prompts), { className });
  const samples = new Map(test.map((sample) => [sample.source!.path, sample]));
  const scores: Scored[] = [];
  await withProgress({ total: 2 * samples.size, verb: `scoring ${name}` }, async (update) => {
    const fullScores = new Map<string, number>();
    for await (const result of scoreImages(beside, fileImages(samples.keys()), { signal })) {
      if ("error" in result) throw result.error;
      fullScores.set(result.image, result.score);
      update(fullScores.size);
    }
    for await (const result of scoreImages(fitted, fileImages(samples.keys()), { signal })) {
      if ("error" in result) throw result.error;
      const sample = samples.get(result.image)!;
      const picture = sample.id
        .replace("/test/", "-")
        .replace(/\.png$/, "")
        .replaceAll("/", "-");
      await maps.add(storedMaps(result, picture, fitted.prompts));
      scores.push({ sample, residual: result.score, full: fullScores.get(result.image)! });
      update(samples.size + scores.length);
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
    .toSorted((a, b) => b.residual - a.residual)
    .map((each) => [each.residual.toFixed(4), each.full.toFixed(4), each.sample.kind, each.sample.id]);
  await print(
    `${name}: AUROC ${residual.toFixed(4)}, by the full model ${full.toFixed(4)}\n` +
      `${alignTable([["score", "full", "truth", "image"], ...rows])}\n`,
  );
  return { full, residual };
}
