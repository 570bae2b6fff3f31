import { anyColour, anyMetal, contrasting, mix } from "../draw/colours.js";
import { directions } from "../draw/maths.js";
import { cloud } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { box, circle, corners, ellipse, minus, moved, polygon, toothed, union } from "../draw/shapes.js";
import { type Finish, object, part, print, SOLID } from "./object.js";

/** Lids from above, with a milled edge and often a printed mark. */
export const cap = object("cap", {
  nouns: ["cap", "lid", "bottle cap", "crown cork"],
  defects: [...SOLID, "dent", "misprint"],
  thing(random) {
    const metal = chance(random, 0.3);
    const base = metal ? anyMetal(random) : anyColour(random);
    const ink = contrasting(random, base.rgb);
    const n = 14 + random.below(12);
    const outer = random.between(70, 88);
    const rim = outer - random.between(3, 8);
    const mark = pick(random, [
      minus(circle(outer * 0.5), circle(outer * 0.4)),
      polygon(corners(5, outer * 0.45, outer * 0.2)),
      union(box(outer * 0.4, outer * 0.09), box(outer * 0.09, outer * 0.4)),
      box(outer * 0.45, outer * 0.16, 4),
    ]);
    const ridges = directions(n).map(([x, y]) => circle((3.4 * outer) / n, x * rim, y * rim));
    return {
      base,
      adjectives: [metal ? "crimped" : "plastic"],
      inside: 1.4,
      parts: [
        part(union(circle(rim), ...ridges), { colour: 0.9, height: 8, bevel: 7, gloss: 0.2 }),
        part(circle(outer * 0.78), { height: 10, bevel: 4, gloss: 0.2, mottle: [0.04, 12, 12] }),
        print(mark, ink.rgb, { gloss: 0.1 }),
      ],
    };
  },
});

/** Tablets: round or oblong, scored or stamped. */
export const tablet = object("tablet", {
  nouns: ["tablet", "pill", "lozenge", "pastille"],
  defects: [...SOLID, "misprint", "hole"],
  thing(random) {
    const pale = chance(random, 0.6) ? ["white", "cream", "yellow", "pink", "light blue"] : undefined;
    const base = anyColour(random, pale);
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
    const place = [long ? -a * 0.45 : 0, score && !long ? -b * 0.45 : 0] as const;
    return {
      base,
      adjectives: [pick(random, ["coated", "pressed"])],
      inside: 0.75,
      parts: [
        part(shape, { height: b * 0.3, bevel: b * 0.7, gloss: 0.12, mottle: [speckle, 5, 5] }),
        score && print(box(1.8, b * 0.95), 0.72),
        marked && print(moved(mark, [1, 0], ...place), mix(base.rgb, ink.rgb, 0.8)),
      ],
    };
  },
});

/** Baked or moulded discs with pits or chips. */
export const biscuit = object("biscuit", {
  nouns: ["biscuit", "cookie", "cracker", "waffle"],
  defects: ["chip", "crack", "hole", "stain", "contamination", "missing", "discolouration"],
  words: {
    discolouration: ["a burnt area", "a pale patch"],
    missing: ["a missing chip", "a missing topping"],
  },
  thing(random) {
    const base = anyColour(random, ["beige", "brown", "orange", "cream", "dark brown"]);
    const chip = contrasting(random, base.rgb);
    const n = 3 + random.below(4);
    const r = random.between(64, 88);
    const round = chance(random, 0.6);
    const wave = cloud(random.below(2 ** 30));
    const even = round ? circle(r) : box(r, r * random.between(0.6, 1), 14);
    const shape = {
      ...even,
      radius: even.radius + 5,
      distance: (x: number, y: number) => even.distance(x, y) + 3 * wave(x * 0.02, y * 0.02),
    };
    const size = random.between(4, 9);
    const regular = chance(random, 0.5);
    const bits: Finish = regular ? { colour: 0.4, height: 7 } : { colour: chip.rgb, height: 15 };
    return {
      base,
      adjectives: ["baked"],
      inside: 1.3,
      parts: (samples) => [
        part(shape, { height: 12, bevel: 22, mottle: [0.22, 9, 9], bumps: 1.6 }),
        ...directions(n * 2).map(([x, y], i) => {
          const far = r * (i % 2 ? 0.3 : 0.58) * (regular ? 1 : samples.between(0.7, 1.1)) * 0.9;
          const own = regular ? size : size * samples.between(0.7, 1.4);
          return part(circle(own, x * far, y * far), { ...bits, bevel: size }, [x * far, y * far]);
        }),
      ],
    };
  },
});

/** Coins: a raised rim, a milled edge, a relief. */
export const coin = object("coin", {
  nouns: ["coin", "medal"],
  heldOut: true,
  defects: ["scratch", "dent", "stain", "chip", "contamination", "discolouration", "hole"],
  thing(random) {
    const base = anyMetal(random);
    const r = random.between(70, 90);
    const relief = pick(random, [
      polygon(corners(5 + random.below(3), r * 0.5, r * 0.24)),
      union(circle(r * 0.24, 0, -r * 0.16), ellipse(r * 0.4, r * 0.24, 0, r * 0.34)),
      toothed(9, r * 0.5, r * 0.38),
      polygon(corners(3 + random.below(2), r * 0.5)),
    ]);
    const beads = directions(18 + random.below(8)).map(([x, y]) =>
      circle(r * 0.035, x * r * 0.8, y * r * 0.8),
    );
    const face: Finish = { gloss: 0.3, mottle: [0.1, 14, 14] };
    return {
      base,
      inside: 1.35,
      parts: [
        part(circle(r), { ...face, height: 9, bevel: 4 }),
        part(circle(r * 0.9), { ...face, colour: 0.88, height: 6, bevel: 2 }),
        ...beads.map((bead) => part(bead, { ...face, height: 8, bevel: 3 })),
        part(relief, { ...face, colour: 1.05, height: 12, bevel: 9 }),
        print(relief, 1.15),
      ],
    };
  },
});

/** Buttons with a rim and two to four holes. */
export const button = object("button", {
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
    const swirl = [random.between(0.02, 0.2), 26, 60] as const;
    const black = [0.06, 0.06, 0.06] as const;
    return {
      base,
      adjectives: ["plastic"],
      inside: 1.3,
      parts: [
        part(circle(r), { height: 12, bevel: 14, gloss: 0.35, mottle: swirl }),
        part(circle(r * 0.68), { colour: 0.86, height: 7, bevel: 8, gloss: 0.3, mottle: swirl }),
        ...directions(n)
          .map(([x, y]) => [x * far, y * far] as const)
          .map((at) => part(circle(hole, ...at), { colour: black, height: 1 }, at)),
      ],
    };
  },
});
