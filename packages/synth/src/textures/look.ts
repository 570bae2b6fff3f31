import type { Rgb } from "../draw/canvas.js";
import { anyColour, anyMetal, type Colour, contrasting, shade } from "../draw/colours.js";
import { chance, type Random } from "../draw/random.js";

/** Draws a property of a class. `base` is the class's main colour. */
export type Draw<T> = (random: Random, base: Rgb) => T;

/** What classes of a family differ in, drawn in this order: ranges of numbers, and other draws. */
export interface Properties {
  /** The main colour, which gives the class its first adjective. */
  readonly base: Draw<Colour>;
  readonly [name: string]: Draw<unknown> | readonly [low: number, high: number];
}

/** The drawn properties of a class. */
export type Look<P> = { readonly [K in keyof P]: P[K] extends Draw<infer T> ? T : number };

export function drawLook<P>(random: Random, properties: P & Properties): Look<P> & { base: Colour } {
  const look: Record<string, unknown> = {};
  let base: Rgb = [0, 0, 0];
  for (const [name, property] of Object.entries(properties)) {
    look[name] = typeof property === "function" ? property(random, base) : random.between(...property);
    if (name === "base") base = (look.base as Colour).rgb;
  }
  return look as Look<P> & { base: Colour };
}

/** A named colour: any, or one of these. */
export function colour(...words: readonly string[]): Draw<Colour> {
  return (random) => anyColour(random, words.length > 0 ? words : undefined);
}

/** The colour of a metal with this probability, else any. */
export function metalOrColour(probability: number): Draw<Colour> {
  return (random) => (chance(random, probability) ? anyMetal(random) : anyColour(random));
}

/** A shade of the main colour with this probability, else a colour that contrasts with it. */
export function shadeOrContrast(probability: number, by: number): Draw<{ readonly rgb: Rgb }> {
  return (random, base) =>
    chance(random, probability) ? { rgb: shade(base, by) } : contrasting(random, base);
}

/** A number of this range with this probability, else 0. */
export function sometimes(probability: number, low: number, high: number): Draw<number> {
  return (random) => (chance(random, probability) ? random.between(low, high) : 0);
}

/** True with this probability. */
export function odds(probability: number): Draw<boolean> {
  return (random) => chance(random, probability);
}

/** A whole number from `low`, one of `count`. */
export function whole(low: number, count: number): Draw<number> {
  return (random) => low + random.below(count);
}
