import { anyColour, anyMetal, contrasting } from "../draw/colours.js";
import { chance } from "../draw/random.js";
import { bar, box, union } from "../draw/shapes.js";
import { object, part, shapesOf, times } from "./object.js";

/** Rows of bristles or teeth on a back. */
export const comb = object("comb", {
  nouns: ["comb", "brush", "rake", "heat sink"],
  defects: ["missing", "bent", "scratch", "crack", "stain", "contamination", "chip", "discolouration"],
  words: {
    missing: ["missing teeth", "a missing tooth", "a missing bristle"],
    bent: ["a bent tooth", "bent bristles"],
  },
  thing(random) {
    const base = anyColour(random);
    const colour = (chance(random, 0.5) ? base : contrasting(random, base.rgb)).rgb;
    const n = 7 + random.below(9);
    const half = random.between(74, 90);
    const step = (2 * half - 14) / (n - 1);
    const thick = step * random.between(0.2, 0.34);
    const end = random.between(50, 92) / 2;
    const tall = random.between(10, 22);
    const teeth = times(n, (i) => {
      const x = -half + 7 + i * step;
      const tooth = bar([x, -end], [x, end + 20], thick, thick * 0.7);
      return part(tooth, { colour, height: 6, bevel: thick, gloss: 0.15 }, [x, -end]);
    });
    const spine = box(half, tall, 6, 0, -end - tall * 0.6);
    return {
      base,
      inside: 1.3,
      orientation: chance(random, 0.5) ? "free" : "tilt",
      outline: union(spine, ...shapesOf(teeth)),
      parts: [...teeth, part(spine, { height: 10, bevel: 7, gloss: 0.2, mottle: [0.06, 20, 20] })],
    };
  },
});

/** Zips: two rows of teeth on tape. */
export const zipper = object("zipper", {
  nouns: ["zipper", "zip", "conveyor chain"],
  defects: ["missing", "bent", "stain", "hole", "contamination", "discolouration", "scratch"],
  words: { missing: ["missing teeth", "a missing tooth"], bent: ["a bent tooth", "a crooked tooth"] },
  thing(random) {
    const base = anyColour(random);
    const colour = (chance(random, 0.6) ? anyMetal(random) : anyColour(random)).rgb;
    const pitch = random.between(12, 19);
    const half = random.between(8, 14);
    const n = Math.floor(170 / pitch);
    const width = random.between(44, 70);
    const teeth = times(2 * n, (i) => {
      const side = i % 2 ? half : -half;
      const y = -85 + (i / 2) * pitch;
      const tooth = bar([side * 1.5, y], [-side * 0.35, y], pitch * 0.21);
      return part(tooth, { colour, height: 8, bevel: 3, gloss: 0.4 }, [side, y]);
    });
    return {
      base,
      inside: 0.4,
      orientation: "tilt",
      parts: [part(box(width, 96, 2), { height: 2, bevel: 2, mottle: [0.18, 5, 9], bumps: 0.5 }), ...teeth],
    };
  },
});
