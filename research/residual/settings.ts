import type { ResidualOptions } from "@inctrl/inctrl";

/** How a map is made; each is measured with every aggregate. */
export interface MapSetting extends Pick<ResidualOptions, "averaged" | "distance"> {
  readonly name: string;
  readonly blocks: "own" | "quarters" | "middle";
}

export const MAPS: readonly MapSetting[] = [
  { name: "nearest", blocks: "own" },
  { name: "nearest, averaged", blocks: "own", averaged: true },
  { name: "nearest", blocks: "quarters" },
  { name: "nearest, averaged", blocks: "quarters", averaged: true },
  { name: "subspace", blocks: "middle", distance: "subspace" },
  { name: "subspace", blocks: "quarters", distance: "subspace" },
  { name: "both, averaged", blocks: "own", averaged: true, distance: "both" },
  { name: "both, averaged", blocks: "quarters", averaged: true, distance: "both" },
];

/** How many of a map's largest values its score is the mean of. */
export const LARGEST = [1, 3, 10] as const;

/** A name for each pair. */
export const nameOf = ({ name, blocks }: MapSetting, largest: number): string =>
  `${name}; blocks ${blocks}; ${largest === 1 ? "max" : `top${largest}`}`;

/** As the paper has it. */
export const PAPER = nameOf(MAPS[0], 1);

/** Whether a setting's name is of a map. */
export const isOf = (map: MapSetting, name: string): boolean =>
  LARGEST.some((largest) => nameOf(map, largest) === name);
