import { type DataSet, FORMATS, openDataSet } from "@inctrl/datasets";
import { procedural } from "@inctrl/synth";

/** Opens a data set. @param spec in the form of `inctrl eval --data`; `DIR` stands for the folder of real data. */
export const openSet = (spec: string, dir: string): Promise<DataSet> =>
  openDataSet(spec.replace("DIR", dir), [...FORMATS, procedural]);

/** As many of a list, spread evenly; all of them where there are no more. */
export const thinned = <T>(all: readonly T[], most: number): readonly T[] =>
  all.length <= most ? all : Array.from({ length: most }, (_, i) => all[Math.floor((i * all.length) / most)]);

/** The real sets, in the form that `openSet` takes. */
export const REAL_SETS: readonly string[] = [
  ...["brainmri:DIR/brainmri", "headct:DIR/headct", "elpv:DIR/elpv", "aitex:DIR/aitex"],
  ...["sdd:DIR/kolektorsdd", "mvtec:DIR/mvtec", "mnist:DIR/mnist", "cifar10:DIR/cifar10"],
];
