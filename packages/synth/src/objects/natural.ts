import { anyColour, shade } from "../draw/colours.js";
import { norm } from "../draw/maths.js";
import { chance } from "../draw/random.js";
import { bar, ellipse, type Shape, union } from "../draw/shapes.js";
import { object, part, print, times } from "./object.js";

/** Leaves with veins. */
export const leaf = object("leaf", {
  nouns: ["leaf", "petal", "feather"],
  defects: ["hole", "chip", "stain", "discolouration", "crack", "contamination", "fold"],
  words: {
    chip: ["a bite", "a torn edge"],
    discolouration: ["a withered patch", "a yellowed area"],
    crack: ["a tear"],
  },
  thing(random) {
    const leafy = chance(random, 0.7) ? ["green", "dark green", "olive", "yellow", "orange"] : undefined;
    const base = anyColour(random, leafy);
    const half = random.between(26, 52);
    const n = 4 + random.below(5);
    const vein = shade(base.rgb, chance(random, 0.5) ? 1.4 : 0.65);
    const r = (84 * 84 + half * half) / (2 * half);
    const lens: Shape = {
      ...{ x: 0, y: 0, radius: 90 },
      distance: (x, y) => norm(Math.abs(x) + r - half, y) - r,
    };
    const veins = times(2 * n, (i) => {
      const y = 66 - (Math.floor(i / 2) * 120) / n;
      const w = half * (1 - ((y - 12) * (y - 12)) / 8100) * 0.85;
      return bar([0, y], [i % 2 ? w : -w, y - 0.7 * w], 1.5, 0.6);
    });
    return {
      base,
      inside: 0.5,
      outline: union(lens, bar([0, 70], [0, 98], 2.5)),
      parts: [
        part(bar([0, 60], [0, 98], 2.8), { colour: shade(vein, 0.8), height: 3, bevel: 2 }),
        part(lens, { height: 5, bevel: 16, gloss: 0.08, mottle: [0.14, 18, 18], bumps: 0.8 }),
        part(union(bar([0, 82], [0, -80], 2.4, 0.8), ...veins), { colour: vein, height: 6, bevel: 2 }),
      ],
    };
  },
});

const HUSKS = ["brown", "beige", "cream", "dark red", "dark brown", "olive", "orange", "white", "black"];

/** Seeds, beans and nuts without shells: smooth bulging bodies with a crease. */
export const seed = object("seed", {
  nouns: ["bean", "seed", "almond", "grain of rice", "kernel", "potato"],
  defects: ["hole", "crack", "chip", "stain", "discolouration", "contamination", "scratch"],
  thing(random) {
    const base = anyColour(random, HUSKS);
    const [a, b] = [random.between(36, 62), random.between(66, 88)];
    const creased = chance(random, 0.5);
    const wrinkle = random.between(0.03, 0.25);
    const bend = random.between(0, 0.006);
    const straight = ellipse(a, b);
    const shape: Shape = {
      ...{ x: 0, y: 0, radius: b * 1.3 },
      distance: (x, y) => straight.distance(x - bend * y * y + bend * 1600, y),
    };
    const bumps = 10 * wrinkle;
    return {
      base,
      inside: [0.88, 0.83, 0.7],
      parts: [
        part(shape, { height: a * 0.7, bevel: a, gloss: 0.15, mottle: [wrinkle, 9, 40], bumps }),
        creased && print(ellipse(2.4, b * 0.7, -a * 0.2, 0), 0.6),
      ],
    };
  },
});
