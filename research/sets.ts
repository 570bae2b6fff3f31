import { type DataSet, FORMATS, openDataSet, type Sample } from "@inctrl/datasets";
import { procedural } from "@inctrl/synth";

/** Opens a data set. @param spec in the form of `inctrl eval --data`; `DIR` stands for the folder of real data. */
export const openSet = (spec: string, dir: string): Promise<DataSet> =>
  openDataSet(spec.replace("DIR", dir), [...FORMATS, procedural]);

/** As many of a list, spread evenly; all of them where there are no more. */
export const thinned = <T>(all: readonly T[], most: number): readonly T[] =>
  all.length <= most ? all : Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);

/** As many images of a kind, spread evenly. */
export const thinnedOf = (all: readonly Sample[], kind: 0 | 1, most: number): readonly Sample[] =>
  thinned(
    all.filter(({ label }) => label === kind),
    most,
  );

/** The real sets, in the form that `openSet` takes. */
const REAL_SETS: readonly string[] = [
  ...["brainmri:DIR/brainmri", "headct:DIR/headct", "elpv:DIR/elpv", "aitex:DIR/aitex"],
  ...["sdd:DIR/kolektorsdd", "mvtec:DIR/mvtec", "mnist:DIR/mnist", "cifar10:DIR/cifar10"],
];

/**
 * Opens the real sets one after another, and says how long the work on each took.
 *
 * @param wanted formats, separated by commas; all where it is empty.
 */
export async function* realSets(
  dir: string,
  wanted: string,
): AsyncGenerator<{ readonly format: string; readonly dataSet: DataSet }> {
  for (const spec of REAL_SETS) {
    const [format] = spec.split(":");
    if (wanted !== "" && !wanted.split(",").includes(format)) continue;
    const dataSet = await openSet(spec, dir);
    const begun = performance.now();
    yield { format, dataSet };
    console.error(`${dataSet.name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }
}
