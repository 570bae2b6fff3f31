import type { DataSet } from "@inctrl/datasets";
import { openSet, thinned } from "../sets.js";

/** A data set of the card. */
export interface MeasuredSet {
  readonly name: string;
  /** In the form of `inctrl eval --data`; `DIR` stands for the folder of real data. */
  readonly spec: string;
  readonly categories?: readonly string[];
  /** Test images used of each category, spread evenly. Default: all. */
  readonly most?: number;
  /** Real images, none of which nano was trained on. */
  readonly real: boolean;
}

const heldOut = (camera: string) =>
  `procedural:4711?split=held-out&camera=${camera}&variants=2&train=8&good=12&bad=12&size=128`;

export const SETS: readonly MeasuredSet[] = [
  { name: "held-out families (fixed camera)", spec: heldOut("fixed"), real: false },
  { name: "held-out families (free camera)", spec: heldOut("free"), real: false },
  { name: "BrainMRI", spec: "brainmri:DIR/brainmri", real: true },
  { name: "HeadCT", spec: "headct:DIR/headct", real: true },
  { name: "ELPV", spec: "elpv:DIR/elpv", real: true },
  { name: "AITEX", spec: "aitex:DIR/aitex", real: true },
  { name: "KolektorSDD", spec: "sdd:DIR/kolektorsdd", real: true },
  { name: "screw", spec: "mvtec:DIR/mvtec", categories: ["screw"], real: true },
  { name: "leather", spec: "mvtec:DIR/mvtec", categories: ["leather"], real: true },
  { name: "MNIST one-vs-all", spec: "mnist:DIR/mnist?protocol=one-vs-all", most: 20, real: true },
  { name: "MNIST multi-class", spec: "mnist:DIR/mnist?protocol=multi", most: 100, real: true },
  { name: "CIFAR-10 one-vs-all", spec: "cifar10:DIR/cifar10?protocol=one-vs-all", most: 20, real: true },
];

/** Opens a set and keeps its wanted categories, each with at most `most` test images. */
export async function openMeasured(
  { spec, categories, most = Infinity }: MeasuredSet,
  dir: string,
): Promise<DataSet> {
  const set = await openSet(spec, dir);
  const chosen = set.categories.filter(({ name }) => categories?.includes(name) ?? true);
  return { ...set, categories: chosen.map((each) => ({ ...each, test: thinned(each.test, most) })) };
}
