import { anyColour, anyMetal, contrasting, mix, shade } from "../draw/colours.js";
import { directions, unitAt } from "../draw/maths.js";
import { cloud } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { box, circle, corners, ellipse, minus, moved, polygon, toothed, union } from "../draw/shapes.js";
import { object, type Part, SOLID } from "./object.js";

/** Lids from above, with a milled edge and often a printed mark. */
export const cap = object({
  name: "cap",
  nouns: ["cap", "lid", "bottle cap", "crown cork"],
  defects: [...SOLID, "dent", "misprint"],
  thing(random) {
    const metal = chance(random, 0.3);
    const base = metal ? anyMetal(random) : anyColour(random);
    const ink = contrasting(random, base.rgb);
    const n = 14 + random.below(12);
    const outer = random.between(70, 88);
    const depth = random.between(3, 8);
    const mark = random.below(4);
    const edge = union(
      circle(outer - depth),
      ...directions(n).map(([x, y]) => circle((3.4 * outer) / n, x * (outer - depth), y * (outer - depth))),
    );
    const print = [
      minus(circle(outer * 0.5), circle(outer * 0.4)),
      polygon(corners(5, outer * 0.45, outer * 0.2)),
      union(box(outer * 0.4, outer * 0.09), box(outer * 0.09, outer * 0.4)),
      box(outer * 0.45, outer * 0.16, 4),
    ][mark];
    return {
      adjectives: [base.word, metal ? "crimped" : "plastic"],
      inside: shade(base.rgb, 1.4),
      orientation: "free",
      outline: edge,
      parts: () => [
        { shape: edge, colour: shade(base.rgb, 0.9), height: 8, bevel: 7, gloss: 0.2 },
        {
          shape: circle(outer * 0.78),
          colour: base.rgb,
          height: 10,
          bevel: 4,
          gloss: 0.2,
          mottle: [0.04, 12, 12],
        },
        { shape: print, colour: ink.rgb, print: true, gloss: 0.1 },
      ],
    };
  },
});

/** Tablets: round or oblong, scored or stamped. */
export const tablet = object({
  name: "tablet",
  nouns: ["tablet", "pill", "lozenge", "pastille"],
  defects: [...SOLID, "misprint", "hole"],
  thing(random) {
    const base = anyColour(
      random,
      chance(random, 0.6) ? ["white", "cream", "yellow", "pink", "light blue"] : undefined,
    );
    const long = chance(random, 0.5);
    const a = long ? random.between(78, 92) : random.between(60, 80);
    const b = long ? a * random.between(0.4, 0.65) : a;
    const shape = long && chance(random, 0.5) ? ellipse(a, b) : box(a, b, b * 0.999);
    const score = chance(random, 0.5);
    const ink = contrasting(random, base.rgb);
    const marked = chance(random, 0.7) || !score;
    const speckle = random.between(0.02, 0.16);
    const mark = pick(random, [
      minus(circle(b * 0.4), circle(b * 0.28)),
      union(box(b * 0.35, b * 0.08), box(b * 0.08, b * 0.35)),
      polygon(corners(3 + random.below(4), b * 0.4)),
      union(box(b * 0.4, 3, 0, 0, -8), box(b * 0.4, 3, 0, 0, 8)),
    ]);
    return {
      adjectives: [base.word, pick(random, ["coated", "pressed"])],
      inside: shade(base.rgb, 0.75),
      orientation: "free",
      outline: shape,
      parts: () => [
        { shape, colour: base.rgb, height: b * 0.3, bevel: b * 0.7, gloss: 0.12, mottle: [speckle, 5, 5] },
        ...(score ? [{ shape: box(1.8, b * 0.95), colour: shade(base.rgb, 0.72), print: true } as Part] : []),
        ...(marked
          ? [
              {
                shape: moved(mark, [1, 0], long ? -a * 0.45 : 0, score && !long ? -b * 0.45 : 0),
                colour: mix(base.rgb, ink.rgb, 0.8),
                print: true,
              } as Part,
            ]
          : []),
      ],
    };
  },
});

/** Baked or moulded discs with pits or chips. */
export const biscuit = object({
  name: "biscuit",
  nouns: ["biscuit", "cookie", "cracker", "waffle"],
  defects: ["chip", "crack", "hole", "stain", "contamination", "missing", "discolouration"],
  words: {
    discolouration: ["a burnt area", "a pale patch"],
    missing: ["a missing chip", "a missing topping"],
  },
  thing(random) {
    const dough = anyColour(random, ["beige", "brown", "orange", "cream", "dark brown"]);
    const chip = contrasting(random, dough.rgb);
    const n = 3 + random.below(4);
    const r = random.between(64, 88);
    const round = chance(random, 0.6);
    const wave = cloud(random.below(2 ** 30));
    const base = round ? circle(r) : box(r, r * random.between(0.6, 1), 14);
    const shape = {
      ...base,
      radius: base.radius + 5,
      distance: (x: number, y: number) => base.distance(x, y) + 3 * wave(x * 0.02, y * 0.02),
    };
    const size = random.between(4, 9);
    const regular = chance(random, 0.5);
    const ring = directions(n * 2);
    return {
      adjectives: [dough.word, "baked"],
      inside: shade(dough.rgb, 1.3),
      orientation: "free",
      outline: shape,
      parts: (samples) => [
        { shape, colour: dough.rgb, height: 12, bevel: 22, mottle: [0.22, 9, 9], bumps: 1.6 },
        ...ring.map(([x, y], i): Part => {
          const far = r * (i % 2 ? 0.3 : 0.58) * (regular ? 1 : samples.between(0.7, 1.1)) * 0.9;
          const at = [x * far, y * far] as const;
          return {
            shape: circle(regular ? size : size * samples.between(0.7, 1.4), ...at),
            colour: regular ? shade(dough.rgb, 0.4) : chip.rgb,
            height: regular ? 7 : 15,
            bevel: size,
            root: at,
          };
        }),
      ],
    };
  },
});

/** Coins: a raised rim, a milled edge, a relief. */
export const coin = object({
  name: "coin",
  nouns: ["coin", "medal"],
  heldOut: true,
  defects: ["scratch", "dent", "stain", "chip", "contamination", "discolouration", "hole"],
  thing(random) {
    const alloy = anyMetal(random);
    const r = random.between(70, 90);
    const relief = pick(random, [
      polygon(corners(5 + random.below(3), r * 0.5, r * 0.24)),
      union(circle(r * 0.24, 0, -r * 0.16), ellipse(r * 0.4, r * 0.24, 0, r * 0.34)),
      toothed(9, r * 0.5, r * 0.38),
      polygon(corners(3 + random.below(2), r * 0.5)),
    ]);
    const beads = 18 + random.below(8);
    const face = { colour: alloy.rgb, gloss: 0.3, mottle: [0.1, 14, 14] as const };
    return {
      adjectives: [alloy.word],
      inside: shade(alloy.rgb, 1.35),
      orientation: "free",
      outline: circle(r),
      parts: () => [
        { ...face, shape: circle(r), height: 9, bevel: 4 },
        { ...face, shape: circle(r * 0.9), colour: shade(alloy.rgb, 0.88), height: 6, bevel: 2 },
        ...directions(beads).map(
          ([x, y]): Part => ({
            ...face,
            shape: circle(r * 0.035, x * r * 0.8, y * r * 0.8),
            height: 8,
            bevel: 3,
          }),
        ),
        { ...face, shape: relief, colour: shade(alloy.rgb, 1.05), height: 12, bevel: 9 },
        { shape: moved(relief, unitAt(0), 0, 0), colour: shade(alloy.rgb, 1.15), print: true },
      ],
    };
  },
});

/** Buttons with a rim and two to four holes. */
export const button = object({
  name: "button",
  nouns: ["button", "fastener"],
  heldOut: true,
  defects: ["chip", "crack", "scratch", "stain", "missing", "contamination", "discolouration"],
  words: { missing: ["a missing hole"] },
  thing(random) {
    const base = anyColour(random);
    const r = random.between(66, 88);
    const n = pick(random, [2, 4, 4, 3]);
    const far = r * random.between(0.18, 0.28);
    const hole = r * random.between(0.07, 0.12);
    const swirl = random.between(0.02, 0.2);
    return {
      adjectives: [base.word, "plastic"],
      inside: shade(base.rgb, 1.3),
      orientation: "free",
      outline: circle(r),
      parts: () => [
        { shape: circle(r), colour: base.rgb, height: 12, bevel: 14, gloss: 0.35, mottle: [swirl, 26, 60] },
        {
          shape: circle(r * 0.68),
          colour: shade(base.rgb, 0.86),
          height: 7,
          bevel: 8,
          gloss: 0.3,
          mottle: [swirl, 26, 60],
        },
        ...directions(n).map(
          ([x, y]): Part => ({
            shape: circle(hole, x * far, y * far),
            colour: [0.06, 0.06, 0.06],
            height: 1,
            root: [x * far, y * far],
          }),
        ),
      ],
    };
  },
});
