import type { DataSet } from "@inctrl/datasets";
import {
  auroc,
  type Detector,
  type Evaluation,
  evaluateAll,
  type ImageScore,
  type PromptAlbum,
  type PromptRecord,
  type ScoredDraw,
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

/** The detector of `score`, which draws the maps, and the full model. They share an encoder. */
export interface Detectors {
  readonly detector: Detector;
  readonly full: Detector;
}

/** What was found in the test images of a class, by id. */
interface Found {
  readonly prompts: readonly PromptRecord[];
  readonly album: PromptAlbum;
  readonly images: ReadonlyMap<string, ImageScore>;
}

/** A class whose images were scored. */
export interface ScoredClass extends Pick<Found, "prompts" | "album"> {
  readonly name: string;
  readonly images: readonly (ClassAreas & {
    readonly found: ImageScore;
    readonly label: 0 | 1;
    readonly kind: string;
    readonly path: string;
  })[];
}

/**
 * Scores the test images of all classes against their first K normal ones. Images are encoded, and prompts searched, once for both
 * detectors and all that is made of them.
 *
 * @param folder holds the images.
 * @returns the evaluation of `detector`, and the classes that were finished.
 */
export async function scoreClasses(
  { detector, full }: Detectors,
  dataSet: DataSet,
  folder: string,
  signal: AbortSignal,
): Promise<{ evaluation: Evaluation; classes: ScoredClass[] }> {
  const found = [new Map<string, Found>(), new Map<string, Found>()] as const;
  const onScored = ({ detector: which, category, fitted, results }: ScoredDraw) => {
    const images = new Map<string, ImageScore>();
    for (const result of results) {
      if ("error" in result) throw result.error;
      images.set(result.image, result);
    }
    const { prompts } = fitted;
    found[which].set(category, { prompts, images, album: openAlbum(fitted, { below: folder }) });
  };
  const [evaluation] = await withProgress({ verb: "scoring" }, (onProgress) =>
    evaluateAll([{ detector }, { detector: full }], {
      ...{ dataSet, shots: [SHOTS], seeds: 0, signal, onScored },
      onProgress: (done, total) => onProgress(done, total),
    }),
  );
  const [own, beside] = found;
  const classes = dataSet.categories.flatMap(({ name, test }): ScoredClass[] => {
    const [here, there] = [own.get(name), beside.get(name)];
    if (!here || !there) return [];
    const images = test.map(({ id, label, kind, source }) => {
      const of = here.images.get(id)!;
      const scores = { residual: of.score, full: there.images.get(id)!.score };
      return { ...scores, found: of, label, kind, path: source!.path };
    });
    return [{ name, images, prompts: here.prompts, album: here.album }];
  });
  return { evaluation, classes };
}

/** Prints a class's images, the most anomalous first, and its AUROC, which is returned. */
export async function printClass({ name, images }: ScoredClass): Promise<ClassAreas> {
  const labels = images.map(({ label }) => label);
  const area = (key: keyof ClassAreas) =>
    auroc(
      labels,
      images.map((each) => each[key]),
    );
  const [full, residual] = [area("full"), area("residual")];
  if (full == null || residual == null)
    throw new CliError("input", `${name}: only one kind of image was drawn`);
  const rows = images
    .toSorted((a, b) => b.residual - a.residual)
    .map((each) => [each.residual.toFixed(4), each.full.toFixed(4), each.kind, each.found.image]);
  await print(
    `${name}: AUROC ${residual.toFixed(4)}, by the full model ${full.toFixed(4)}\n` +
      `${alignTable([["score", "full", "truth", "image"], ...rows])}\n`,
  );
  return { full, residual };
}
