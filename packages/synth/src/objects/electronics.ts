import { kinds } from "../defects.js";
import { anyColour, anyMetal, contrasting, mix } from "../draw/colours.js";
import { unitAt } from "../draw/maths.js";
import { chance } from "../draw/random.js";
import { bar, box, circle, ellipse, union } from "../draw/shapes.js";
import { type Finish, object, part, print, shapesOf, times } from "./object.js";

/** Resistors and fuses: a body with bands between two wires. */
export const resistor = object("resistor", {
  nouns: ["resistor", "fuse", "diode", "inductor"],
  defects: kinds("bent missing crack chip stain misprint contamination discolouration scratch"),
  words: { missing: ["a missing lead", "a missing wire"], bent: ["a bent lead", "a bent wire"] },
  thing(random) {
    const base = anyColour(random);
    const wire = anyMetal(random);
    const bands = times(2 + random.below(4), () => contrasting(random, base.rgb).rgb);
    const half = random.between(16, 27);
    const length = random.between(34, 50);
    const thick = random.between(3, 5);
    const bulges = chance(random, 0.5) ? [-length + 10, length - 10] : [];
    const body = union(
      box(half, length, half * 0.7),
      ...bulges.map((y) => ellipse(half * 1.2, half * 0.8, 0, y)),
    );
    const metal: Finish = { colour: wire.rgb, height: thick, bevel: thick, gloss: 0.5 };
    const band = (i: number) => -length * 0.62 + ((i + 0.5) * length * 1.24) / bands.length;
    return {
      base,
      inside: [0.85, 0.82, 0.75],
      outline: union(body, bar([0, -96], [0, 96], thick)),
      parts: [
        ...[-1, 1].map((up) =>
          part(bar([0, up * length * 0.9], [0, up * 96], thick), metal, [0, up * length]),
        ),
        part(body, { height: half * 0.8, bevel: half, gloss: 0.25 }),
        ...bands.map((colour, i) => print(box(half * 0.98, 3.6, 0, 0, band(i)), colour, { gloss: 0.2 })),
      ],
    };
  },
});

/** Chips with legs on two sides, and a printed mark. */
export const chip = object("chip", {
  nouns: ["microchip", "integrated circuit", "transistor", "relay"],
  defects: ["missing", "bent", "scratch", "crack", "chip", "misprint", "contamination", "stain"],
  words: { missing: ["a missing leg", "a missing pin"], bent: ["a bent leg", "a bent pin"] },
  thing(random) {
    const base = anyColour(random, chance(random, 0.7) ? ["black", "dark grey"] : undefined);
    const pin = anyMetal(random);
    const n = 2 + random.below(6);
    const [a, b] = [random.between(30, 50), random.between(44, 78)];
    const width = Math.min(6, (b * 0.55) / n);
    const reach = random.between(14, 28);
    const step = (2 * b - 16) / n;
    const ink = anyColour(random, ["white", "light grey", "yellow"]);
    const lines = 1 + random.below(3);
    const legs = times(2 * n, (i) => {
      const side = i % 2 ? 1 : -1;
      const y = -b + 8 + (Math.floor(i / 2) + 0.5) * step;
      const leg = bar([side * (a - 4), y], [side * (a + reach), y], width);
      return part(leg, { colour: pin.rgb, height: 4, bevel: 3, gloss: 0.5 }, [side * a, y]);
    });
    const body = box(a, b, 3);
    return {
      base,
      inside: [0.55, 0.53, 0.5],
      orientation: chance(random, 0.5) ? "free" : "tilt",
      outline: union(body, ...shapesOf(legs)),
      parts: [
        ...legs,
        part(body, { height: 13, bevel: 5, gloss: 0.08, mottle: [0.1, 5, 5] }),
        part(circle(5, -a + 12, -b + 13), { colour: 0.5, height: 11 }),
        ...times(lines, (i) => print(box(a * (i ? 0.4 : 0.6), 3.4, 0, 0, i * 14 - 6 * lines), ink.rgb)),
      ],
    };
  },
});

/** Housings with a row of pins or sockets. */
export const connector = object("connector", {
  nouns: ["connector", "plug", "socket", "terminal block"],
  defects: ["missing", "bent", "crack", "scratch", "chip", "contamination", "stain", "discolouration"],
  words: { missing: ["a missing pin", "a missing contact"], bent: ["a bent pin", "a bent contact"] },
  thing(random) {
    const base = anyColour(random);
    const metal = anyMetal(random);
    const [n, rows] = [3 + random.below(6), 1 + random.below(2)];
    const [a, b] = [random.between(66, 90), rows === 2 ? random.between(40, 56) : random.between(26, 42)];
    const step = (2 * a - 26) / n;
    const half = Math.min(9, step * 0.32);
    const long = chance(random, 0.5);
    const reaches = long && rows === 1;
    const pins = times(n * rows, (i) => {
      const x = -a + 13 + ((i % n) + 0.5) * step;
      const y = rows === 1 ? 0 : (i < n ? -0.36 : 0.36) * b;
      const pin = reaches ? bar([x, 0], [x, b + 26], half * 0.6) : box(half, half, 1, x, y);
      return part(pin, { colour: metal.rgb, height: long ? 10 : 5, bevel: 3, gloss: 0.5 }, [x, y]);
    });
    const shell = box(a, b, 6);
    return {
      base,
      adjectives: ["plastic"],
      inside: 1.3,
      orientation: chance(random, 0.4) ? "free" : "tilt",
      outline: union(shell, ...(reaches ? shapesOf(pins) : [])),
      parts: [
        part(shell, { height: 14, bevel: 6, gloss: 0.12 }),
        part(box(a - 8, b - 8, 4), { colour: 0.45, height: 6, bevel: 3 }),
        ...pins,
      ],
    };
  },
});

/** Cables cut across, or strands side by side. */
export const cable = object("cable", {
  nouns: ["cable", "wire bundle", "cord"],
  defects: ["missing", "crack", "chip", "stain", "contamination", "discolouration", "hole"],
  words: { missing: ["a missing wire", "a missing conductor"] },
  thing(random) {
    const base = anyColour(random);
    const copper = anyMetal(random);
    const n = 2 + random.below(5);
    const outer = random.between(76, 90);
    const core = n === 2 ? outer * 0.36 : outer * Math.min(0.36, 1.15 / n + 0.08);
    const far = outer - core - random.between(12, 16);
    const colours = times(n, () => anyColour(random).rgb);
    const filler = mix(base.rgb, [0.85, 0.85, 0.85], random.between(0.1, 0.7));
    const strands: Finish = { colour: copper.rgb, height: 8, bumps: 1, mottle: [0.5, 5, 5], gloss: 0.3 };
    return {
      base,
      inside: [0.8, 0.8, 0.78],
      parts: [
        part(circle(outer), { height: 10, bevel: 5, gloss: 0.1 }),
        part(circle(outer - 9), { colour: filler, height: 5 }),
        ...colours.flatMap((colour, i) => {
          const [c, s] = unitAt(i / n);
          const at = [c * far, s * far] as const;
          return [
            part(circle(core, ...at), { colour, height: 9, bevel: 3, gloss: 0.1 }),
            part(circle(core * 0.58, ...at), strands, at),
          ];
        }),
      ],
    };
  },
});
