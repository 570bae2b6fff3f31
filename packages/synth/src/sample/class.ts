import { chance, hash, hashText, Random } from "../draw/random.js";
import type { Design, Family } from "../family.js";

/** A class, which is a variant of a family for a seed, with its design. */
export interface DrawnClass {
  readonly family: Family;
  readonly variant: number;
  readonly seed: number;
  readonly design: Design;
  readonly noun: string;
  readonly classSeed: number;
  readonly grey: boolean;
}

export function drawClass({
  family,
  variant,
  seed,
}: Pick<DrawnClass, "family" | "variant" | "seed">): DrawnClass {
  if (last?.family === family && last.variant === variant && last.seed === seed) return last;
  const classSeed = hash(hash(seed, hashText(family.name), 21), variant, 22) >>> 1;
  const random = new Random(classSeed);
  const noun = family.nouns[random.below(family.nouns.length)];
  const grey = chance(random, 0.1);
  const design = family.design(random);
  const all = { design, noun: design.noun ?? noun, classSeed, grey: grey || Boolean(design.grey) };
  last = { family, variant, seed, ...all };
  return last;
}

// The last class is kept, since images often come in groups of one class.
let last: DrawnClass | undefined;
