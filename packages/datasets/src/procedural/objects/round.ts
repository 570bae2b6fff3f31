import { anyColour, anyMetal, contrasting, mix, shade } from "../draw/colours.js";
import { chance, pick } from "../draw/pick.js";
import {
  bar,
  both,
  box,
  circle,
  corners,
  directions,
  ellipse,
  minus,
  moved,
  polygon,
  toothed,
  union,
  unitAt,
} from "../draw/shapes.js";
import { cloud } from "../draw/tables.js";
import { object, type Part, SOLID } from "./object.js";

/** Toothed wheels. */
export const gear = object({
  name: "gear",
  nouns: ["gear", "cogwheel", "sprocket"],
  defects: [...SOLID, "missing", "bent"],
  words: { missing: ["a missing tooth", "a broken tooth"], bent: ["a bent tooth"] },
  thing(random) {
    const alloy = chance(random, 0.7) ? anyMetal(random) : anyColour(random);
    const n = 8 + random.below(15);
    const outer = random.between(74, 92);
    const depth = random.between(9, 20);
    const inner = outer - depth;
    const bore = random.between(10, 26);
    const spokes = chance(random, 0.5) ? 3 + random.below(4) : 0;
    const half = (2.4 * outer) / n / 2.6;
    const finish = { colour: alloy.rgb, height: 8, bevel: 3, gloss: 0.25, mottle: [0.08, 9, 9] as const };
    const holes = spokes
      ? directions(spokes).map(([x, y]) => circle(inner * 0.2, x * inner * 0.6, y * inner * 0.6))
      : [];
    const hub = minus(circle(inner), circle(bore), ...holes);
    const teeth = directions(n).map(([x, y]): Part => {
      const shape = bar(
        [x * inner * 0.9, y * inner * 0.9],
        [x * (outer - half), y * (outer - half)],
        half * 1.25,
        half * 0.8,
      );
      return { ...finish, shape, root: [x * inner, y * inner] };
    });
    return {
      adjectives: [alloy.word],
      lie: "free",
      outline: minus(toothed(n, outer, inner), circle(bore), ...holes),
      parts: () => [
        ...teeth,
        { ...finish, shape: hub },
        {
          ...finish,
          colour: shade(alloy.rgb, 0.85),
          shape: minus(circle(bore + 10), circle(bore)),
          height: 11,
        },
      ],
    };
  },
});

/** Flat rings, plain or toothed inside. */
export const washer = object({
  name: "washer",
  nouns: ["washer", "gasket", "sealing ring", "o-ring"],
  defects: [...SOLID, "dent"],
  thing(random) {
    const metal = chance(random, 0.5);
    const base = metal ? anyMetal(random) : anyColour(random);
    const outer = random.between(62, 92);
    const inner = outer * random.between(0.35, 0.8);
    const ring = minus(circle(outer), circle(inner));
    const notches = chance(random, 0.3) ? 3 + random.below(6) : 0;
    const shape = notches
      ? minus(ring, ...directions(notches).map(([x, y]) => circle(outer * 0.12, x * inner, y * inner)))
      : ring;
    const rounded = chance(random, 0.5);
    const thick = outer - inner;
    return {
      adjectives: [metal ? base.word : `${base.word} rubber`],
      inside: shade(base.rgb, 1.4),
      lie: "free",
      outline: shape,
      parts: () => [
        {
          shape,
          colour: base.rgb,
          height: rounded ? thick * 0.4 : 5,
          bevel: rounded ? thick / 2 : 3,
          gloss: metal ? 0.3 : 0.06,
          mottle: [0.1, 5, 5],
        },
      ],
    };
  },
});

/** Rings with balls between. */
export const bearing = object({
  name: "bearing",
  nouns: ["bearing", "ball bearing"],
  defects: ["missing", "scratch", "stain", "contamination", "crack", "discolouration"],
  words: { missing: ["a missing ball"] },
  thing(random) {
    const alloy = anyMetal(random);
    const n = 6 + random.below(7);
    const outer = random.between(78, 92);
    const bore = outer * random.between(0.28, 0.42);
    const middle = (outer + bore) / 2;
    const ball = Math.min((outer - bore) * 0.26, (2.6 * middle) / n);
    const steel = { colour: alloy.rgb, height: 9, bevel: 3, gloss: 0.35, mottle: [0.05, 3, 30] as const };
    return {
      adjectives: [alloy.word],
      lie: "free",
      outline: minus(circle(outer), circle(bore)),
      parts: () => [
        { shape: minus(circle(outer - 3), circle(bore + 3)), colour: shade(alloy.rgb, 0.28), height: 2 },
        { ...steel, shape: minus(circle(outer), circle(middle + ball * 0.8)) },
        { ...steel, shape: minus(circle(middle - ball * 0.8), circle(bore)) },
        ...directions(n).map(
          ([x, y]): Part => ({
            shape: circle(ball, x * middle, y * middle),
            colour: shade(alloy.rgb, 1.15),
            height: ball,
            bevel: ball,
            gloss: 0.8,
            root: [x * middle, y * middle],
          }),
        ),
      ],
    };
  },
});

/** Wheels with rim, spokes and hub. */
export const wheel = object({
  name: "wheel",
  nouns: ["wheel", "rim", "caster", "fan"],
  defects: ["missing", "bent", "scratch", "stain", "crack", "contamination", "discolouration", "chip"],
  words: { missing: ["a missing spoke"], bent: ["a bent spoke"] },
  thing(random) {
    const base = chance(random, 0.5) ? anyMetal(random) : anyColour(random);
    const tyre = chance(random, 0.6) ? anyColour(random, ["black", "dark grey", "white", "red"]) : base;
    const n = 3 + random.below(8);
    const outer = random.between(76, 92);
    const rim = random.between(8, 20);
    const hub = random.between(12, 24);
    const thick = random.between(3.5, 9);
    const end = thick * random.between(0.5, 1.6);
    return {
      adjectives: [base.word],
      lie: "free",
      outline: union(
        minus(circle(outer), circle(outer - rim)),
        circle(hub),
        ...directions(n).map(([x, y]) => bar([0, 0], [x * (outer - rim), y * (outer - rim)], thick, end)),
      ),
      parts: () => [
        ...directions(n).map(
          ([x, y]): Part => ({
            shape: bar([0, 0], [x * (outer - rim), y * (outer - rim)], thick, end),
            colour: base.rgb,
            height: 6,
            bevel: thick,
            gloss: 0.2,
            root: [x * hub, y * hub],
          }),
        ),
        {
          shape: minus(circle(outer), circle(outer - rim)),
          colour: tyre.rgb,
          height: 10,
          bevel: rim / 2,
          gloss: 0.12,
          mottle: [0.1, 8, 8],
        },
        {
          shape: minus(circle(hub), circle(hub * 0.4)),
          colour: shade(base.rgb, 0.9),
          height: 9,
          bevel: 4,
          gloss: 0.25,
        },
      ],
    };
  },
});

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
    ][mark]!;
    return {
      adjectives: [base.word, metal ? "crimped" : "plastic"],
      inside: shade(base.rgb, 1.4),
      lie: "free",
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
      lie: "free",
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
      lie: "free",
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
  defects: ["scratch", "dent", "stain", "chip", "contamination", "discolouration", "misprint"],
  words: { misprint: ["a wrong imprint", "a misprint"] },
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
      lie: "free",
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
      lie: "free",
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

/** Simple flat shapes. */
export const shape = object({
  name: "shape",
  nouns: ["disc"],
  defects: [...SOLID, "hole", "dent"],
  thing(random) {
    const base = chance(random, 0.3) ? anyMetal(random) : anyColour(random);
    const r = random.between(62, 88);
    const [noun, outline] = pick(random, [
      ["disc", circle(r)],
      ["triangle", polygon(corners(3, r))],
      ["square", box(r * 0.75, r * 0.75, 3)],
      ["rectangle", box(r, r * 0.6, 4)],
      ["pentagon", polygon(corners(5, r))],
      ["hexagon", polygon(corners(6, r))],
      ["octagon", polygon(corners(8, r))],
      ["star", polygon(corners(5, r, r * 0.45))],
      ["cross", union(box(r, r * 0.28, 2), box(r * 0.28, r, 2))],
      ["ellipse", ellipse(r, r * 0.6)],
      ["half moon", minus(circle(r), circle(r * 0.85, r * 0.5, 0))],
      ["semicircle", both(circle(r), box(r, r, 0, 0, r * 0.9))],
      [
        "arrow",
        union(box(r * 0.6, r * 0.16, 0, -r * 0.3), moved(polygon(corners(3, r * 0.6)), [0, 1], r * 0.4)),
      ],
      [
        "heart",
        union(
          circle(r * 0.42, -r * 0.34, -r * 0.25),
          circle(r * 0.42, r * 0.34, -r * 0.25),
          polygon([
            [-r * 0.7, -r * 0.05],
            [r * 0.7, -r * 0.05],
            [0, r * 0.8],
          ]),
        ),
      ],
    ] as const);
    const mottle = [random.between(0.02, 0.2), random.between(5, 30), random.between(5, 30)] as const;
    const flat = chance(random, 0.5);
    const shine = random.between(0.05, 0.35);
    return {
      noun,
      adjectives: [base.word, pick(random, ["flat", "painted"])],
      inside: shade(base.rgb, 1.3),
      lie: chance(random, 0.6) ? "free" : "tilt",
      outline,
      parts: () => [
        {
          shape: outline,
          colour: base.rgb,
          height: flat ? 4 : 20,
          bevel: flat ? 2 : 26,
          gloss: shine,
          mottle,
        },
      ],
    };
  },
});
