import { anyColour, anyMetal, contrasting, shade } from "../draw/colours.js";
import { chance } from "../draw/random.js";
import { bar, box, union } from "../draw/shapes.js";
import { object, type Part } from "./object.js";

/** Rows of bristles or teeth on a back. */
export const comb = object({
  name: "comb",
  nouns: ["comb", "brush", "rake", "heat sink"],
  defects: ["missing", "bent", "scratch", "crack", "stain", "contamination", "chip", "discolouration"],
  words: {
    missing: ["missing teeth", "a missing tooth", "a missing bristle"],
    bent: ["a bent tooth", "bent bristles"],
  },
  thing(random) {
    const back = anyColour(random);
    const teeth = chance(random, 0.5) ? back : contrasting(random, back.rgb);
    const n = 7 + random.below(9);
    const half = random.between(74, 90);
    const step = (2 * half - 14) / (n - 1);
    const thick = step * random.between(0.2, 0.34);
    const length = random.between(50, 92);
    const tall = random.between(10, 22);
    const row = Array.from({ length: n }, (_, i): Part => {
      const x = -half + 7 + i * step;
      return {
        shape: bar([x, -length / 2], [x, length / 2 + 20], thick, thick * 0.7),
        colour: teeth.rgb,
        height: 6,
        bevel: thick,
        gloss: 0.15,
        root: [x, -length / 2],
      };
    });
    const spine = box(half, tall, 6, 0, -length / 2 - tall * 0.6);
    return {
      adjectives: [back.word],
      inside: shade(back.rgb, 1.3),
      orientation: chance(random, 0.5) ? "free" : "tilt",
      outline: union(spine, ...row.map(({ shape }) => shape)),
      parts: () => [
        ...row,
        { shape: spine, colour: back.rgb, height: 10, bevel: 7, gloss: 0.2, mottle: [0.06, 20, 20] },
      ],
    };
  },
});

/** Zips: two rows of teeth on tape. */
export const zipper = object({
  name: "zipper",
  nouns: ["zipper", "zip", "conveyor chain"],
  defects: ["missing", "bent", "stain", "hole", "contamination", "discolouration", "scratch"],
  words: { missing: ["missing teeth", "a missing tooth"], bent: ["a bent tooth", "a crooked tooth"] },
  thing(random) {
    const tape = anyColour(random);
    const tooth = chance(random, 0.6) ? anyMetal(random) : anyColour(random);
    const pitch = random.between(12, 19);
    const half = random.between(8, 14);
    const n = Math.floor(170 / pitch);
    const width = random.between(44, 70);
    const band = box(width, 96, 2);
    const teeth = Array.from({ length: 2 * n }, (_, i): Part => {
      const side = i % 2 ? 1 : -1;
      const y = -85 + (i / 2) * pitch;
      return {
        shape: bar([side * half * 1.5, y], [-side * half * 0.35, y], pitch * 0.21),
        colour: tooth.rgb,
        height: 8,
        bevel: 3,
        gloss: 0.4,
        root: [side * half, y],
      };
    });
    return {
      adjectives: [tape.word],
      inside: shade(tape.rgb, 0.4),
      orientation: "tilt",
      outline: band,
      parts: () => [
        { shape: band, colour: tape.rgb, height: 2, bevel: 2, mottle: [0.18, 5, 9], bumps: 0.5 },
        ...teeth,
      ],
    };
  },
});
