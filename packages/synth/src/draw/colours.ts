import type { Rgb } from "./canvas.js";
import { pick, type Random } from "./random.js";

/** A colour with its common name. */
export interface Colour {
  readonly word: string;
  readonly rgb: Rgb;
}

const NAMED: Readonly<Record<string, Rgb>> = {
  white: [0.88, 0.88, 0.86],
  black: [0.13, 0.13, 0.14],
  grey: [0.5, 0.5, 0.5],
  "light grey": [0.7, 0.7, 0.7],
  "dark grey": [0.27, 0.27, 0.28],
  red: [0.72, 0.13, 0.12],
  "dark red": [0.46, 0.11, 0.12],
  orange: [0.86, 0.45, 0.12],
  yellow: [0.88, 0.77, 0.2],
  beige: [0.8, 0.71, 0.56],
  brown: [0.44, 0.27, 0.15],
  "dark brown": [0.29, 0.19, 0.13],
  green: [0.2, 0.5, 0.22],
  "dark green": [0.12, 0.33, 0.2],
  olive: [0.42, 0.42, 0.18],
  teal: [0.1, 0.45, 0.45],
  turquoise: [0.28, 0.7, 0.68],
  blue: [0.14, 0.28, 0.65],
  navy: [0.12, 0.17, 0.38],
  "light blue": [0.5, 0.68, 0.86],
  purple: [0.42, 0.2, 0.52],
  pink: [0.87, 0.55, 0.62],
  cream: [0.89, 0.84, 0.7],
};

const METALS: Readonly<Record<string, Rgb>> = {
  steel: [0.58, 0.59, 0.61],
  aluminium: [0.7, 0.71, 0.72],
  brass: [0.7, 0.57, 0.28],
  copper: [0.68, 0.41, 0.28],
  iron: [0.36, 0.36, 0.37],
  zinc: [0.55, 0.57, 0.57],
  bronze: [0.5, 0.37, 0.22],
};

/** A colour of a table with a small random shift. */
function shifted(random: Random, table: typeof NAMED, words: readonly string[] = Object.keys(table)): Colour {
  const word = pick(random, words);
  const tone = random.between(0.85, 1.12);
  const rgb = table[word].map((v) => Math.min(0.92, v * tone + random.between(-0.025, 0.025)));
  return { word, rgb: rgb.map((v) => Math.max(0.06, v)) as unknown as Rgb };
}

/** A named colour. With `words`, one of those. */
export function anyColour(random: Random, words?: readonly string[]): Colour {
  return shifted(random, NAMED, words);
}

/** The colour of a metal, with the metal's name. */
export function anyMetal(random: Random): Colour {
  return shifted(random, METALS);
}

/** A colour that contrasts with another. */
export function contrasting(random: Random, from: Rgb, words?: readonly string[]): Colour {
  for (let i = 0; ; i++) {
    const colour = anyColour(random, words);
    if (i > 12 || distance(colour.rgb, from) > 0.45) return colour;
  }
}

const distance = (a: Rgb, b: Rgb) => a.reduce((sum, v, c) => sum + Math.abs(v - b[c]), 0);

export function shade([r, g, b]: Rgb, by: number): Rgb {
  return [Math.min(0.95, r * by), Math.min(0.95, g * by), Math.min(0.95, b * by)];
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  return [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];
}
