import { kinds } from "../defects.js";
import { anyColour, anyMetal } from "../draw/colours.js";
import { type Point, wave } from "../draw/maths.js";
import { chance, pick } from "../draw/random.js";
import { bar, box, circle, ellipse, minus, polygon, type Shape, union } from "../draw/shapes.js";
import { type Finish, object, part, print, shapesOf, times } from "./object.js";

/** Bolts from the side: head, shank and thread. */
export const bolt = object("bolt", {
  nouns: ["bolt", "threaded rod", "stud"],
  defects: ["bent", "scratch", "chip", "stain", "contamination", "discolouration", "missing", "crack"],
  words: {
    missing: ["a broken end", "a missing top"],
    discolouration: ["rust", "discolouration", "corrosion"],
  },
  thing(random) {
    const base = anyMetal(random);
    const half = random.between(10, 20);
    const head = half * random.between(1.6, 2.2);
    const [tall, length] = [random.between(12, 26), random.between(64, 84)];
    const [bare, pitch] = [random.between(-30, 20), random.between(9, 14)];
    const flange = chance(random, 0.4) ? [box(head * 1.25, 4, 2, 0, -length + tall)] : [];
    const finish: Finish = { height: half, bevel: half, gloss: 0.4 };
    const shank = box(half, length, 3, 0, 6);
    const reach = (length - bare) / 2;
    const thread = box(half * 1.06, reach, 3, 0, 6 + bare + reach);
    const tone = (_: number, y: number) => 0.85 + 0.25 * wave(y / pitch);
    const top = union(box(head, tall / 2, 3, 0, -length + tall / 2), ...flange);
    return {
      base,
      adjectives: [pick(random, ["zinc-plated", "threaded"])],
      inside: 1.4,
      outline: union(shank, top),
      parts: [
        part(shank, finish),
        part(thread, { ...finish, colour: 0.95, tone }),
        part(top, { ...finish, height: half * 1.4, bevel: head * 0.5, mottle: [0.06, 8, 8] }, [0, -length]),
      ],
    };
  },
});

/** Screws from the side: a countersunk or round head and a thread that ends in a point. */
export const screw = object("screw", {
  nouns: ["screw", "wood-screw"],
  heldOut: true,
  defects: ["bent", "scratch", "chip", "stain", "contamination", "discolouration", "missing"],
  words: { missing: ["a broken end"], discolouration: ["rust", "discolouration"] },
  thing(random) {
    const base = anyMetal(random);
    const half = random.between(9, 15);
    const head = half * random.between(1.8, 2.4);
    const [length, pitch] = [random.between(70, 86), random.between(10, 15)];
    const round = chance(random, 0.5);
    const core = half * 0.8;
    const body = union(
      bar([0, -length + 12], [0, length - 40], core, core),
      bar([0, length - 42], [0, length], core, 1),
    );
    const flights: Shape[] = [];
    for (let y = -length * 0.4; y < length - 12; y += pitch) {
      const w = half * (y > length - 42 ? Math.max(0.3, (length - y) / 42) : 1);
      flights.push(bar([-w, y + 3], [w, y - 3], 2.6));
    }
    const top = round
      ? minus(ellipse(head, head * 0.75, 0, -length + 10), box(head, head, 0, 0, -length + 12 + head))
      : polygon([
          [-head, -length],
          [head, -length],
          [core, -length + head],
          [-core, -length + head],
        ]);
    const finish: Finish = { height: half, bevel: half, gloss: 0.45 };
    return {
      base,
      inside: 1.4,
      outline: union(body, ...flights, top),
      parts: [
        part(body, { ...finish, colour: 0.8 }),
        part(union(...flights), { ...finish, height: half * 1.2, bevel: 2.6 }),
        part(top, { ...finish, height: half * 1.3 }, [0, -length]),
      ],
    };
  },
});

/** Keys: a bow with a hole, a blade with notches. */
export const key = object("key", {
  nouns: ["key", "latchkey"],
  heldOut: true,
  defects: ["bent", "missing", "scratch", "chip", "stain", "discolouration", "crack"],
  words: { missing: ["a missing tooth", "a broken tooth"], discolouration: ["rust", "discolouration"] },
  thing(random) {
    const base = anyMetal(random);
    const bow = random.between(26, 36);
    const square = chance(random, 0.4);
    const half = random.between(7, 11);
    const head = minus(square ? box(bow, bow, 8, 0, -52) : circle(bow, 0, -52), circle(bow * 0.4, 0, -60));
    const n = 3 + random.below(4);
    const finish: Finish = { height: 6, bevel: 3, gloss: 0.4, mottle: [0.07, 20, 5] };
    const bits = times(n, (i) => {
      const y = 14 + i * (70 / n);
      return part(box(random.between(6, 11), 22 / n, 1, half + 3, y), finish, [half, y]);
    });
    const blade = box(half, 58, 4, 0, 32);
    return {
      base,
      inside: 1.35,
      outline: union(head, blade, ...shapesOf(bits)),
      parts: [...bits, part(blade, finish), part(head, finish), print(box(1.6, 50, 1, -half * 0.3, 34), 0.6)],
    };
  },
});

/** Metal brackets and hinges: plates with holes. */
export const bracket = object("bracket", {
  nouns: ["bracket", "hinge", "flange", "mounting bracket"],
  defects: kinds("missing scratch dent crack stain bent contamination discolouration chip"),
  words: { missing: ["a missing hole"], discolouration: ["rust", "corrosion", "discolouration"] },
  thing(random) {
    const base = chance(random, 0.75) ? anyMetal(random) : anyColour(random);
    const angle = chance(random, 0.5);
    const [a, b] = [random.between(60, 88), random.between(24, 40)];
    const shape = angle
      ? union(box(b * 0.7, a, 6, -a * 0.45, 0), box(a * 0.85, b * 0.7, 6, 0, a - b * 0.7))
      : box(a, b * 1.3, random.between(2, 20));
    const hole = random.between(6, 10);
    const places: Point[] = angle
      ? [
          [-a * 0.45, -a * 0.7],
          [-a * 0.45, -a * 0.15],
          [a * 0.6, a - b * 0.7],
          [a * 0.1, a - b * 0.7],
        ]
      : [
          [-a * 0.7, -b * 0.6],
          [a * 0.7, -b * 0.6],
          [-a * 0.7, b * 0.6],
          [a * 0.7, b * 0.6],
          [0, 0],
        ];
    const black = [0.07, 0.07, 0.07] as const;
    return {
      base,
      inside: 1.35,
      parts: [
        part(shape, { height: 6, bevel: 3, gloss: 0.25, mottle: [0.1, 4, 40] }),
        ...places.map((at) => part(circle(hole, ...at), { colour: black, height: 0.5 }, at)),
      ],
    };
  },
});

/** Springs from the side. */
export const spring = object("spring", {
  nouns: ["spring", "coil", "helix"],
  defects: ["bent", "missing", "stain", "contamination", "discolouration"],
  words: {
    missing: ["a missing winding", "a broken winding"],
    discolouration: ["rust", "corrosion", "discolouration"],
  },
  thing(random) {
    const base = chance(random, 0.7) ? anyMetal(random) : anyColour(random);
    const half = random.between(24, 44);
    const n = 5 + random.below(5);
    const thick = random.between(3.5, 6.5);
    const step = 164 / n;
    const ends = times(n, (i) => -82 + i * step);
    const front: Finish = { height: 14, bevel: thick, gloss: 0.5 };
    const back: Finish = { colour: 0.5, height: 6, bevel: thick, gloss: 0.2 };
    const turns = ends.map((y) => part(bar([-half, y], [half, y + step * 0.5], thick), front, [-half, y]));
    const backs = ends.map((y) => part(bar([half, y + step * 0.5], [-half, y + step], thick), back));
    return {
      base,
      outline: union(...shapesOf([...turns, ...backs])),
      parts: [...backs.slice(0, -1), ...turns],
    };
  },
});
