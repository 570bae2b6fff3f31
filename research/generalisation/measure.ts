import {
  auroc,
  crossCategoryNegatives,
  meanOf,
  type Query,
  type TrainingData,
  type TrainingItem,
} from "@inctrl/detect";
import { type PairResiduals, Trainer } from "@inctrl/inctrl";
import { meanOfLargest } from "../report.js";
import { queriesOf, SEEDS, SHOTS, type Stored } from "./data.js";
import { FOLDS, foldsOf, type Negatives, negativesOf } from "./held-out.js";
import type { Setting } from "./settings.js";

const KINDS = ["defects", "near", "far"] as const;
type Kind = (typeof KINDS)[number];

const byKind = <T>(of: (kind: Kind) => T) =>
  Object.fromEntries(KINDS.map((kind) => [kind, of(kind)])) as Record<Kind, T>;

/** AUROC on held-out categories, for their own defects and for both kinds of negatives. */
export type HeldOut = Readonly<Record<Kind, number>>;

/** AUROC of a setting. */
export interface Row {
  readonly name: string;
  /** Means over auxiliary categories that the heads were not trained on, K = 2 and 4 and three draws. */
  readonly heldOut: HeldOut;
  /** By test set and K: the mean over the set's categories, draw by draw. */
  readonly tests: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

/** What a setting is chosen by: defects weigh as much as negatives, and near negatives as much as far ones. */
export const criterion = ({ defects, near, far }: HeldOut): number => defects / 2 + (near + far) / 4;

/** Auxiliary categories have too few images for K = 8. */
const HELD_OUT_SHOTS = [2, 4];

/** Scores queries of any categories. */
type Scorer = (queries: readonly Query[]) => Promise<readonly number[]>;

/** Measures a setting. The residuals of a pair of images are searched once for all settings. */
export async function measure(
  setting: Setting,
  pairs: PairResiduals,
  auxiliary: readonly Stored[],
  tested: readonly Stored[],
): Promise<Row> {
  const [folds, negatives] = [foldsOf(auxiliary), negativesOf(auxiliary)];
  const found: Record<Kind, number[]>[] = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const others = auxiliary.filter((_, i) => folds[i] !== fold);
    await withScorer(setting, pairs, others, async (score) => {
      for (const [i, category] of auxiliary.entries())
        if (folds[i] === fold) found.push(await heldOut(category, negatives[i], score));
    });
  }
  const tests: Record<string, Row["tests"][string]> = {};
  await withScorer(setting, pairs, auxiliary, async (score) => {
    for (const name of new Set(tested.map(({ set }) => set))) {
      const own = tested.filter(({ set }) => set === name);
      tests[name] = await drawsOf(own, score);
    }
  });
  return { name: setting.name, heldOut: byKind((kind) => meanOf(found.flatMap((of) => of[kind]))), tests };
}

/** Calls `use` with the scorer of a setting, trained on these categories where it needs training. */
async function withScorer(
  { largest = 1, train }: Setting,
  pairs: PairResiduals,
  categories: readonly Stored[],
  use: (score: Scorer) => Promise<void>,
): Promise<void> {
  if (!train) return use((queries) => untrained(pairs, queries, largest));
  const chosen = categories.filter(({ real }) => train.drawn || real);
  using trainer = new Trainer(trainingData(chosen, train.negatives), pairs, train.options);
  while (trainer.steps < train.steps) await trainer.step();
  await use(async (queries) => (await trainer.score(queries)).scores);
}

async function untrained(
  pairs: PairResiduals,
  queries: readonly Query[],
  largest: number,
): Promise<number[]> {
  const maps = await pairs.maps(queries.map(({ image: query, prompts }) => ({ query, prompts })));
  const patches = maps.length / queries.length;
  return queries.map((_, i) => meanOfLargest(maps.subarray(i * patches, (i + 1) * patches), largest));
}

/** By kind of anomaly, the mean over K and draws; nothing for a kind that the category lacks. */
async function heldOut(
  category: Stored,
  negatives: Negatives,
  score: Scorer,
): Promise<Record<Kind, number[]>> {
  const labelled = (wanted: number) => category.test.filter(({ label }) => label === wanted);
  const [normals, anomalies] = [labelled(0), { defects: labelled(1), ...negatives }];
  const images = [normals, ...KINDS.map((kind) => anomalies[kind])].flat();
  const values = byKind((): number[] => []);
  for (const [shots, seed] of HELD_OUT_SHOTS.flatMap((k) => SEEDS.map((each) => [k, each]))) {
    const queries = queriesOf(category, shots, seed, images);
    if (!queries) continue;
    const scores = [...(await score(queries))];
    const normal = scores.splice(0, normals.length);
    for (const kind of KINDS) {
      const own = scores.splice(0, anomalies[kind].length);
      if (own.length > 0) values[kind].push(separation(normal, own));
    }
  }
  return byKind((kind) => (values[kind].length > 0 ? [meanOf(values[kind])] : []));
}

/** For each K, the mean over categories, draw by draw. */
async function drawsOf(categories: readonly Stored[], score: Scorer): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const shots of SHOTS) {
    values[shots] = [];
    for (const seed of SEEDS) {
      const each: number[] = [];
      for (const category of categories) {
        const queries = queriesOf(category, shots, seed);
        if (!queries) throw new Error(`${category.name}: has no ${shots} prompts`);
        const labels = queries.map(({ label }) => label);
        each.push(auroc(labels, await score(queries)) as number);
      }
      values[shots].push(meanOf(each));
    }
  }
  return values;
}

const separation = (normal: readonly number[], anomalous: readonly number[]): number =>
  auroc([...normal.map(() => 0), ...anomalous.map(() => 1)], [...normal, ...anomalous]) as number;

function trainingData(categories: readonly Stored[], negatives: number): TrainingData {
  const own: TrainingItem[] = categories.flatMap(({ train, test }, category) =>
    [...train, ...test].map((item) => ({ ...item, category })),
  );
  const items = [...own, ...crossCategoryNegatives(own, negatives)];
  const names = new Map(items.map(({ image, category }) => [image, `${categories[category].name}#${image}`]));
  const known = categories.map(({ name }) => name);
  return {
    ...{ categories: known, classNames: known, items },
    holdOut: [],
    text: null,
    skipped: [],
    hash: "",
    names,
  };
}
