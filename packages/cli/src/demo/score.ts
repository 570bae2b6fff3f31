import { join, relative } from "node:path";
import { drawPrompts, type Item, readProductSet } from "@inctrl/datasets";
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
  readonly item: Item;
  readonly score: number;
  readonly residual: number;
}

/** Scores a class's test images against its first K normal ones, and stores their maps. */
export async function scoreClass(
  { backbone, heads }: DemoModel,
  folder: string,
  drawn: ReadonlySet<string>,
  maps: MapStore,
  signal: AbortSignal,
): Promise<{ album: PromptAlbum; scores: Scored[] }> {
  const { name, ...found } = await readProductSet(folder);
  const [train, test] = [found.train, found.test].map((items) => items.filter(({ path }) => drawn.has(path)));
  const prompts = drawPrompts(
    train.map((item) => item.path),
    SHOTS,
  );
  const detector = inctrl(new Encoder(backbone), { heads });
  using fitted: FittedDetector = await fitImages(detector, fileImages(prompts), { className: name });
  const album = openAlbum(fitted);
  const items = new Map(test.map((item) => [item.path, item]));
  const scores: Scored[] = [];
  const progress = startProgress(items.size, { verb: `scoring ${name}` });
  try {
    for await (const result of scoreImages(fitted, fileImages(items.keys()), { signal })) {
      if ("error" in result) throw result.error;
      const item = items.get(result.image)!;
      const file = relative(join(folder, "test"), item.path)
        .replace(/\.png$/, "")
        .replaceAll(/[/\\]/g, "-");
      await maps.add(storedMaps(result, `${name}-${file}`, fitted.prompts));
      scores.push({ item, score: result.score, residual: result.parts.s_p });
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
  const labels = scores.map(({ item }) => item.label);
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
    .map(({ item, score, residual: alone }) => [
      score.toFixed(4),
      alone.toFixed(4),
      item.label ? item.kind : "good",
      relative(products, item.path),
    ]);
  await print(
    `${name}: AUROC ${full.toFixed(4)}, by the patch residual alone ${residual.toFixed(4)}\n` +
      `${alignTable([["score", "residual", "truth", "image"], ...rows])}\n`,
  );
  return { full, residual };
}
