import {
  auroc,
  type HoldOut,
  type PairResiduals,
  Trainer,
  type TrainingData,
  type TrainingItem,
} from "@inctrl/inctrl";
import { queriesOf, SEEDS, SHOTS, type Stored } from "./data.js";
import type { Setting } from "./settings.js";

/** AUROC of a setting. */
export interface Row {
  readonly name: string;
  /** The mean over auxiliary categories that the heads were not trained on: K = 2 and 4, three draws. */
  readonly heldOut: number;
  /** By test set and K: of each draw the mean over the set's categories. */
  readonly tests: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

/** Parts that the auxiliary categories are cut into, by their order: each is scored by heads trained on the others. */
const FOLDS = 2;
/** Auxiliary categories have too few images for K = 8. */
const HELD_OUT_SHOTS = [2, 4];

type Scorer = (queries: HoldOut) => Promise<number>;

/** Measures settings, on residuals that are searched once for all of them. */
export class Study {
  readonly #pairs: PairResiduals;
  readonly #auxiliary: readonly Stored[];
  readonly #tests: readonly Stored[];

  constructor(pairs: PairResiduals, auxiliary: readonly Stored[], tests: readonly Stored[]) {
    this.#pairs = pairs;
    this.#auxiliary = auxiliary;
    this.#tests = tests;
  }

  async measure(setting: Setting): Promise<Row> {
    const heldOut: number[] = [];
    for (let fold = 0; fold < FOLDS; fold++) {
      const own = (_: Stored, i: number) => i % FOLDS === fold;
      const others = this.#auxiliary.filter((each, i) => !own(each, i));
      await this.#with(setting, others, async (score) => {
        for (const category of this.#auxiliary.filter(own)) {
          const values = await drawsOf([category], HELD_OUT_SHOTS, score);
          heldOut.push(meanOf(Object.values(values).flat()));
        }
      });
    }
    const tests: Record<string, Record<string, readonly number[]>> = {};
    await this.#with(setting, this.#auxiliary, async (score) => {
      for (const set of new Set(this.#tests.map((each) => each.set))) {
        tests[set] = await drawsOf(
          this.#tests.filter((each) => each.set === set),
          SHOTS,
          score,
        );
      }
    });
    return { name: setting.name, heldOut: meanOf(heldOut), tests };
  }

  /** Hands out what scores as the setting says, trained on these categories where it is trained. */
  async #with(
    { largest = 1, train }: Setting,
    categories: readonly Stored[],
    use: (score: Scorer) => Promise<void>,
  ): Promise<void> {
    if (!train) return use((held) => this.#untrained(held, largest));
    const data = trainingData(categories.filter(({ real }) => train.drawn || real));
    using trainer = new Trainer(data, this.#pairs, train.options);
    while (trainer.steps < train.steps) await trainer.step();
    await use(async (held) => (await trainer.judge(held)).auroc as number);
  }

  async #untrained({ queries }: HoldOut, largest: number): Promise<number> {
    const maps = await this.#pairs.maps(queries.map(({ image: query, prompts }) => ({ query, prompts })));
    const patches = maps.length / queries.length;
    const scores = queries.map((_, i) => {
      const sorted = maps.slice(i * patches, (i + 1) * patches).sort();
      return meanOf([...sorted.subarray(patches - largest)]);
    });
    return auroc(
      queries.map(({ label }) => label),
      scores,
    ) as number;
  }
}

/** For each K that there are prompts for, of each draw the mean over categories. */
async function drawsOf(
  categories: readonly Stored[],
  shots: readonly number[],
  score: Scorer,
): Promise<Record<string, number[]>> {
  const values: Record<string, number[]> = {};
  for (const k of shots) {
    for (const seed of SEEDS) {
      const each: number[] = [];
      for (const category of categories) {
        const queries = queriesOf(category, k, seed);
        if (queries) each.push(await score({ name: category.name, queries, prompts: [] }));
      }
      if (each.length > 0) values[k] = [...(values[k] ?? []), meanOf(each)];
    }
  }
  return values;
}

function trainingData(categories: readonly Stored[]): TrainingData {
  const items: TrainingItem[] = categories.flatMap(({ train, test }, category) =>
    [...train, ...test].map((item) => ({ ...item, category })),
  );
  const names = new Map(
    items.map(({ image, category }) => [image, `${categories[category]!.name}#${image}`]),
  );
  return {
    categories: categories.map(({ name }) => name),
    items,
    holdOut: [],
    text: null,
    skipped: [],
    hash: "",
    names,
  };
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
