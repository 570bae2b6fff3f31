import { anyColour, anyMetal, shade } from "../draw/colours.js";
import { directions } from "../draw/maths.js";
import { chance } from "../draw/random.js";
import { bar, circle, minus, toothed, union } from "../draw/shapes.js";
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
      return { ...finish, shape, root: [x * inner * 0.85, y * inner * 0.85] };
    });
    return {
      adjectives: [alloy.word],
      orientation: "free",
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
      orientation: "free",
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
      orientation: "free",
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
      orientation: "free",
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
