import { join, relative } from "node:path";
import { drawPrompts, readProductSet, type Sample } from "@inctrl/datasets";
import {
  auroc,
  Encoder,
  type FittedDetector,
  fileImages,
  fitImages,
  type MapStore,
  type PromptAlbum,
  scoreImages,
  storedMaps,
} from "@inctrl/detect";
import { inctrl } from "@inctrl/inctrl";
import { CliError } from "../errors.js";
import { openAlbum } from "../heatmaps.js";
import { print } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { startProgress } from "../ui/progress.js";
import { type ClassAreas, type DemoModel, SHOTS } from "./model.js";

/** An image of a class with its score, and s_p alone. */
interface Scored {
  readonly sample: Sample;
  readonly score: number;
  readonly residual: number;
}

const pathOf = ({ source }: Sample): string => source!.path;

/** Scores a class's test images against its first K normal ones, and stores their maps. */
export async function scoreClass(
  { backbone, heads }: DemoModel,
  folder: string,
  drawn: ReadonlySet<string>,
  maps: MapStore,
  signal: AbortSignal,
): Promise<{ album: PromptAlbum; scores: Scored[] }> {
  const { name, ...found } = await readProductSet(folder);
  const [train, test] = [found.train, found.test].map((items) =>
    items.filter((sample) => drawn.has(pathOf(sample))),
  );
  const prompts = drawPrompts(train.map(pathOf), SHOTS);
  const detector = inctrl(new Encoder(backbone), { heads });
  using fitted: FittedDetector = await fitImages(detector, fileImages(prompts), { className: name });
  const album = openAlbum(fitted);
  const samples = new Map(test.map((sample) => [pathOf(sample), sample]));
  const scores: Scored[] = [];
  const progress = startProgress(samples.size, { verb: `scoring ${name}` });
  try {
    for await (const result of scoreImages(fitted, fileImages(samples.keys()), { signal })) {
      if ("error" in result) throw result.error;
      const file = relative(join(folder, "test"), result.image)
        .replace(/\.png$/, "")
        .replaceAll(/[/\\]/g, "-");
      await maps.add(storedMaps(result, `${name}-${file}`, fitted.prompts));
      scores.push({ sample: samples.get(result.image)!, score: result.score, residual: result.parts.s_p });
      progress.update(scores.length);
    }
  } finally {
    progress.stop();
  }
  return { album, scores };
}

/** Prints a class's images, the most anomalous first, and its AUROC, which is returned. */
export async function printClass(
  name: string,
  products: string,
  scores: readonly Scored[],
): Promise<ClassAreas> {
  const labels = scores.map(({ sample }) => sample.label);
  const [full, residual] = (["score", "residual"] as const).map((key) =>
    auroc(
      labels,
      scores.map((each) => each[key]),
    ),
  );
  if (full == null || residual == null)
    throw new CliError("input", `${name}: only one kind of image was drawn`);
  const rows = scores
    .toSorted((a, b) => b.score - a.score)
    .map(({ sample, score, residual: alone }) => [
      score.toFixed(4),
      alone.toFixed(4),
      sample.kind,
      relative(products, pathOf(sample)),
    ]);
  await print(
    `${name}: AUROC ${full.toFixed(4)}, by the patch residual alone ${residual.toFixed(4)}\n` +
      `${alignTable([["score", "residual", "truth", "image"], ...rows])}\n`,
  );
  return { full, residual };
}
