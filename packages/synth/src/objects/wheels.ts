import { anyColour, anyMetal } from "../draw/colours.js";
import { directions } from "../draw/maths.js";
import { chance } from "../draw/random.js";
import { bar, circle, minus, toothed, union } from "../draw/shapes.js";
import { type Finish, object, part, SOLID, shapesOf } from "./object.js";

/** Toothed wheels. */
export const gear = object("gear", {
  nouns: ["gear", "cogwheel", "sprocket"],
  defects: [...SOLID, "missing", "bent"],
  words: { missing: ["a missing tooth", "a broken tooth"], bent: ["a bent tooth"] },
  thing(random) {
    const base = chance(random, 0.7) ? anyMetal(random) : anyColour(random);
    const n = 8 + random.below(15);
    const outer = random.between(74, 92);
    const inner = outer - random.between(9, 20);
    const bore = circle(random.between(10, 26));
    const spokes = chance(random, 0.5) ? 3 + random.below(4) : 0;
    const half = (2.4 * outer) / n / 2.6;
    const tip = outer - half;
    const finish: Finish = { height: 8, bevel: 3, gloss: 0.25, mottle: [0.08, 9, 9] };
    const holes = [
      bore,
      ...directions(spokes).map(([x, y]) => circle(inner * 0.2, x * inner * 0.6, y * inner * 0.6)),
    ];
    const teeth = directions(n).map(([x, y]) => {
      const tooth = bar([x * inner * 0.9, y * inner * 0.9], [x * tip, y * tip], half * 1.25, half * 0.8);
      return part(tooth, finish, [x * inner * 0.85, y * inner * 0.85]);
    });
    return {
      base,
      outline: minus(toothed(n, outer, inner), ...holes),
      parts: [
        ...teeth,
        part(minus(circle(inner), ...holes), finish),
        part(minus(circle(bore.radius + 10), bore), { ...finish, colour: 0.85, height: 11 }),
      ],
    };
  },
});

/** Flat rings, plain or toothed inside. */
export const washer = object("washer", {
  nouns: ["washer", "gasket", "sealing ring", "o-ring"],
  defects: [...SOLID, "dent"],
  thing(random) {
    const metal = chance(random, 0.5);
    const base = metal ? anyMetal(random) : anyColour(random);
    const outer = random.between(62, 92);
    const inner = outer * random.between(0.35, 0.8);
    const notches = directions(chance(random, 0.3) ? 3 + random.below(6) : 0);
    const shape = minus(
      circle(outer),
      circle(inner),
      ...notches.map(([x, y]) => circle(outer * 0.12, x * inner, y * inner)),
    );
    const thick = outer - inner;
    const edge = chance(random, 0.5) ? { height: thick * 0.4, bevel: thick / 2 } : { height: 5, bevel: 3 };
    return {
      base: metal ? base : { ...base, word: `${base.word} rubber` },
      inside: 1.4,
      parts: [part(shape, { ...edge, gloss: metal ? 0.3 : 0.06, mottle: [0.1, 5, 5] })],
    };
  },
});

/** Rings with balls between. */
export const bearing = object("bearing", {
  nouns: ["bearing", "ball bearing"],
  defects: ["missing", "scratch", "stain", "contamination", "crack", "discolouration"],
  words: { missing: ["a missing ball"] },
  thing(random) {
    const base = anyMetal(random);
    const n = 6 + random.below(7);
    const outer = random.between(78, 92);
    const bore = outer * random.between(0.28, 0.42);
    const middle = (outer + bore) / 2;
    const ball = Math.min((outer - bore) * 0.26, (2.6 * middle) / n);
    const steel: Finish = { height: 9, bevel: 3, gloss: 0.35, mottle: [0.05, 3, 30] };
    const places = directions(n).map(([x, y]) => [x * middle, y * middle] as const);
    return {
      base,
      outline: minus(circle(outer), circle(bore)),
      parts: [
        part(minus(circle(outer - 3), circle(bore + 3)), { colour: 0.28, height: 2 }),
        part(minus(circle(outer), circle(middle + ball * 0.8)), steel),
        part(minus(circle(middle - ball * 0.8), circle(bore)), steel),
        ...places.map((at) =>
          part(circle(ball, ...at), { colour: 1.15, height: ball, bevel: ball, gloss: 0.8 }, at),
        ),
      ],
    };
  },
});

/** Wheels with rim, spokes and hub. */
export const wheel = object("wheel", {
  nouns: ["wheel", "rim", "caster", "fan"],
  defects: ["missing", "bent", "scratch", "stain", "crack", "contamination", "discolouration", "chip"],
  words: { missing: ["a missing spoke"], bent: ["a bent spoke"] },
  thing(random) {
    const base = chance(random, 0.5) ? anyMetal(random) : anyColour(random);
    const tyre = chance(random, 0.6) ? anyColour(random, ["black", "dark grey", "white", "red"]) : base;
    const n = 3 + random.below(8);
    const outer = random.between(76, 92);
    const width = random.between(8, 20);
    const hub = random.between(12, 24);
    const thick = random.between(3.5, 9);
    const end = thick * random.between(0.5, 1.6);
    const inner = outer - width;
    const rim = minus(circle(outer), circle(inner));
    const spokes = directions(n).map(([x, y]) => {
      const spoke = bar([0, 0], [x * inner, y * inner], thick, end);
      return part(spoke, { height: 6, bevel: thick, gloss: 0.2 }, [x * hub, y * hub]);
    });
    return {
      base,
      outline: union(rim, circle(hub), ...shapesOf(spokes)),
      parts: [
        ...spokes,
        part(rim, { colour: tyre.rgb, height: 10, bevel: width / 2, gloss: 0.12, mottle: [0.1, 8, 8] }),
        part(minus(circle(hub), circle(hub * 0.4)), { colour: 0.9, height: 9, bevel: 4, gloss: 0.25 }),
      ],
    };
  },
});
