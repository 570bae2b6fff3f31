import { anyColour, anyMetal, contrasting, mix, shade } from "../draw/colours.js";
import { chance, pick } from "../draw/pick.js";
import {
  bar,
  box,
  circle,
  corners,
  ellipse,
  minus,
  moved,
  type Point,
  polygon,
  polyline,
  type Shape,
  union,
  unitAt,
} from "../draw/shapes.js";
import { wave } from "../noise.js";
import { object, type Part, SOLID } from "./object.js";

const threads = (pitch: number) => (_: number, y: number) => 0.85 + 0.25 * wave(y / pitch);

/** Bolts from the side: head, shank and thread. */
export const bolt = object({
  name: "bolt",
  nouns: ["bolt", "threaded rod", "stud"],
  defects: ["bent", "scratch", "chip", "stain", "contamination", "discolouration", "missing", "crack"],
  words: {
    missing: ["a broken end", "a missing top"],
    discolouration: ["rust", "discolouration", "corrosion"],
  },
  thing(random) {
    const alloy = anyMetal(random);
    const half = random.between(10, 20);
    const head = half * random.between(1.6, 2.2);
    const tall = random.between(12, 26);
    const length = random.between(64, 84);
    const bare = random.between(-30, 20);
    const pitch = random.between(9, 14);
    const flange = chance(random, 0.4);
    const finish = { colour: alloy.rgb, height: half, bevel: half, gloss: 0.4 };
    const shank = box(half, length, 3, 0, 6);
    const top = union(
      box(head, tall / 2, 3, 0, -length + tall / 2),
      ...(flange ? [box(head * 1.25, 4, 2, 0, -length + tall)] : []),
    );
    return {
      adjectives: [alloy.word, pick(random, ["zinc-plated", "threaded"])],
      inside: shade(alloy.rgb, 1.4),
      lie: "free",
      outline: union(shank, top),
      parts: () => [
        { ...finish, shape: shank },
        {
          ...finish,
          shape: box(half * 1.06, (length - bare) / 2, 3, 0, 6 + bare + (length - bare) / 2),
          colour: shade(alloy.rgb, 0.95),
          tone: threads(pitch),
        },
        {
          ...finish,
          shape: top,
          height: half * 1.4,
          bevel: head * 0.5,
          mottle: [0.06, 8, 8],
          root: [0, -length],
        },
      ],
    };
  },
});

/** Screws from the side: a countersunk or round head and a thread that ends in a point. */
export const screw = object({
  name: "screw",
  nouns: ["screw", "wood-screw"],
  heldOut: true,
  defects: ["bent", "scratch", "chip", "stain", "contamination", "discolouration", "missing"],
  words: { missing: ["a broken end"], discolouration: ["rust", "discolouration"] },
  thing(random) {
    const alloy = anyMetal(random);
    const half = random.between(9, 15);
    const head = half * random.between(1.8, 2.4);
    const length = random.between(70, 86);
    const pitch = random.between(10, 15);
    const round = chance(random, 0.5);
    const body = union(
      bar([0, -length + 12], [0, length - 40], half * 0.8, half * 0.8),
      bar([0, length - 42], [0, length], half * 0.8, 1),
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
          [half * 0.8, -length + head],
          [-half * 0.8, -length + head],
        ]);
    const finish = { colour: alloy.rgb, height: half, bevel: half, gloss: 0.45 };
    return {
      adjectives: [alloy.word],
      inside: shade(alloy.rgb, 1.4),
      lie: "free",
      outline: union(body, ...flights, top),
      parts: () => [
        { ...finish, colour: shade(alloy.rgb, 0.8), shape: body },
        { ...finish, height: half * 1.2, bevel: 2.6, shape: union(...flights) },
        { ...finish, shape: top, height: half * 1.3, root: [0, -length] },
      ],
    };
  },
});

/** Bottles from the side, labelled. */
export const bottle = object({
  name: "bottle",
  nouns: ["bottle", "flask", "jar", "vial"],
  defects: ["crack", "chip", "scratch", "stain", "contamination", "missing", "misprint", "discolouration"],
  words: { missing: ["a missing cap", "a missing label"] },
  thing(random) {
    const glass = anyColour(random);
    const lid = contrasting(random, glass.rgb);
    const label = contrasting(random, glass.rgb);
    const ink = contrasting(random, label.rgb);
    const half = random.between(24, 46);
    const neck = half * random.between(0.3, 0.85);
    const shoulder = random.between(-48, -10);
    const body = union(
      box(half, (86 - shoulder) / 2, 9, 0, (86 + shoulder) / 2),
      bar([0, shoulder + half * 0.35], [0, -70], half * 0.96, neck),
    );
    const top = box(neck + 3, 10, 3, 0, -80);
    const [low, high] = [shoulder + random.between(20, 30), random.between(56, 72)];
    const middle = (low + high) / 2;
    const lines = 2 + random.below(3);
    const sheen = (x: number) => 0.82 + 0.3 * Math.max(0, 1 - Math.abs(x + half * 0.45) / (half * 0.22));
    return {
      adjectives: [glass.word, pick(random, ["glass", "plastic"])],
      inside: shade(glass.rgb, 1.5),
      lie: "tilt",
      outline: union(body, top),
      parts: () => [
        { shape: body, colour: glass.rgb, height: half * 0.8, bevel: half, gloss: 0.4, tone: sheen },
        {
          shape: top,
          colour: lid.rgb,
          height: 12,
          bevel: neck,
          gloss: 0.2,
          tone: (x) => 0.9 + 0.15 * wave(x / 9),
          root: [0, -74],
        },
        {
          shape: box(half * 0.97, (high - low) / 2, 2, 0, middle),
          colour: label.rgb,
          print: true,
          root: [0, middle],
        },
        ...Array.from(
          { length: lines },
          (_, i): Part => ({
            shape: box(
              half * (i ? 0.55 : 0.75),
              i ? 2 : 4.5,
              0,
              0,
              low + 10 + i * ((high - low - 14) / lines),
            ),
            colour: ink.rgb,
            print: true,
          }),
        ),
      ],
    };
  },
});

/** Two-coloured capsules. */
export const capsule = object({
  name: "capsule",
  nouns: ["capsule", "gel cap", "lozenge shell"],
  defects: [...SOLID, "dent", "misprint", "bent", "hole"],
  thing(random) {
    const one = anyColour(random);
    const two = chance(random, 0.75) ? contrasting(random, one.rgb) : one;
    const half = random.between(24, 36);
    const length = random.between(54, 66);
    const whole = bar([0, -length + 10], [0, length - 10], half);
    const seam = random.between(-14, 14);
    const mark = chance(random, 0.5);
    const ink = contrasting(random, two.rgb);
    const finish = { height: half * 0.9, bevel: half, gloss: 0.5 };
    return {
      adjectives: [one === two ? one.word : `${one.word} and ${two.word}`],
      inside: [0.9, 0.88, 0.8],
      lie: "free",
      outline: whole,
      parts: () => [
        { ...finish, shape: whole, colour: one.rgb },
        {
          ...finish,
          height: half,
          shape: minus(
            bar([0, -length + 10], [0, length - 10], half + 1.5),
            box(200, 100, 0, 0, -100 + seam),
          ),
          colour: two.rgb,
        },
        ...(mark
          ? [
              {
                shape: union(
                  box(half * 0.45, 2.6, 0, 0, seam + 16),
                  box(half * 0.45, 2.6, 0, 0, seam + 26),
                  circle(4, 0, seam + 36),
                ),
                colour: ink.rgb,
                print: true,
              } as Part,
            ]
          : []),
      ],
    };
  },
});

/** Resistors and fuses: a body with bands between two wires. */
export const resistor = object({
  name: "resistor",
  nouns: ["resistor", "fuse", "diode", "inductor"],
  defects: [
    "bent",
    "missing",
    "crack",
    "chip",
    "stain",
    "misprint",
    "contamination",
    "discolouration",
    "scratch",
  ],
  words: { missing: ["a missing lead", "a missing wire"], bent: ["a bent lead", "a bent wire"] },
  thing(random) {
    const coat = anyColour(random);
    const wire = anyMetal(random);
    const bands = Array.from({ length: 2 + random.below(4) }, () => contrasting(random, coat.rgb).rgb);
    const half = random.between(16, 27);
    const length = random.between(34, 50);
    const thick = random.between(3, 5);
    const dumbbell = chance(random, 0.5);
    const body = union(
      box(half, length, half * 0.7),
      ...(dumbbell
        ? [ellipse(half * 1.2, half * 0.8, 0, -length + 10), ellipse(half * 1.2, half * 0.8, 0, length - 10)]
        : []),
    );
    const lead = (up: number): Part => ({
      shape: bar([0, up * length * 0.9], [0, up * 96], thick),
      colour: wire.rgb,
      height: thick,
      bevel: thick,
      gloss: 0.5,
      root: [0, up * length],
    });
    return {
      adjectives: [coat.word],
      inside: [0.85, 0.82, 0.75],
      lie: "free",
      outline: union(body, bar([0, -96], [0, 96], thick)),
      parts: () => [
        lead(-1),
        lead(1),
        { shape: body, colour: coat.rgb, height: half * 0.8, bevel: half, gloss: 0.25 },
        ...bands.map(
          (colour, i): Part => ({
            shape: box(half * 0.98, 3.6, 0, 0, -length * 0.62 + ((i + 0.5) * length * 1.24) / bands.length),
            colour,
            print: true,
            gloss: 0.2,
          }),
        ),
      ],
    };
  },
});

/** Springs from the side. */
export const spring = object({
  name: "spring",
  nouns: ["spring", "coil", "helix"],
  defects: ["bent", "missing", "stain", "contamination", "discolouration"],
  words: {
    missing: ["a missing winding", "a broken winding"],
    discolouration: ["rust", "corrosion", "discolouration"],
  },
  thing(random) {
    const wire = chance(random, 0.7) ? anyMetal(random) : anyColour(random);
    const half = random.between(24, 44);
    const n = 5 + random.below(5);
    const thick = random.between(3.5, 6.5);
    const step = 164 / n;
    const turns = Array.from({ length: n }, (_, i): Part => {
      const y = -82 + i * step;
      return {
        shape: bar([-half, y], [half, y + step * 0.5], thick),
        colour: wire.rgb,
        height: 14,
        bevel: thick,
        gloss: 0.5,
        root: [-half, y],
      };
    });
    const backs = Array.from({ length: n }, (_, i): Part => {
      const y = -82 + i * step;
      return {
        shape: bar([half, y + step * 0.5], [-half, y + step], thick),
        colour: shade(wire.rgb, 0.5),
        height: 6,
        bevel: thick,
        gloss: 0.2,
      };
    });
    return {
      adjectives: [wire.word],
      lie: "free",
      outline: union(...turns.map(({ shape }) => shape), ...backs.map(({ shape }) => shape)),
      parts: () => [...backs.slice(0, -1), ...turns],
    };
  },
});

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
      lie: chance(random, 0.5) ? "free" : "tilt",
      outline: union(spine, ...row.map(({ shape }) => shape)),
      parts: () => [
        ...row,
        { shape: spine, colour: back.rgb, height: 10, bevel: 7, gloss: 0.2, mottle: [0.06, 20, 20] },
      ],
    };
  },
});

/** Chips with legs on two sides, and a printed mark. */
export const chip = object({
  name: "chip",
  nouns: ["microchip", "integrated circuit", "transistor", "relay"],
  defects: ["missing", "bent", "scratch", "crack", "chip", "misprint", "contamination", "stain"],
  words: { missing: ["a missing leg", "a missing pin"], bent: ["a bent leg", "a bent pin"] },
  thing(random) {
    const body = anyColour(random, chance(random, 0.7) ? ["black", "dark grey"] : undefined);
    const pin = anyMetal(random);
    const n = 2 + random.below(6);
    const [a, b] = [random.between(30, 50), random.between(44, 78)];
    const width = Math.min(6, (b * 0.55) / n);
    const reach = random.between(14, 28);
    const step = (2 * b - 16) / n;
    const ink = anyColour(random, ["white", "light grey", "yellow"]);
    const legs = Array.from({ length: 2 * n }, (_, i): Part => {
      const side = i % 2 ? 1 : -1;
      const y = -b + 8 + (Math.floor(i / 2) + 0.5) * step;
      return {
        shape: bar([side * (a - 4), y], [side * (a + reach), y], width),
        colour: pin.rgb,
        height: 4,
        bevel: 3,
        gloss: 0.5,
        root: [side * a, y],
      };
    });
    const lines = 1 + random.below(3);
    return {
      adjectives: [body.word],
      inside: [0.55, 0.53, 0.5],
      lie: chance(random, 0.5) ? "free" : "tilt",
      outline: union(box(a, b, 3), ...legs.map(({ shape }) => shape)),
      parts: () => [
        ...legs,
        { shape: box(a, b, 3), colour: body.rgb, height: 13, bevel: 5, gloss: 0.08, mottle: [0.1, 5, 5] },
        { shape: circle(5, -a + 12, -b + 13), colour: shade(body.rgb, 0.5), height: 11 },
        ...Array.from(
          { length: lines },
          (_, i): Part => ({
            shape: box(a * (i ? 0.4 : 0.6), 3.4, 0, 0, i * 14 - 6 * lines),
            colour: ink.rgb,
            print: true,
          }),
        ),
      ],
    };
  },
});

/** Housings with a row of pins or sockets. */
export const connector = object({
  name: "connector",
  nouns: ["connector", "plug", "socket", "terminal block"],
  defects: ["missing", "bent", "crack", "scratch", "chip", "contamination", "stain", "discolouration"],
  words: { missing: ["a missing pin", "a missing contact"], bent: ["a bent pin", "a bent contact"] },
  thing(random) {
    const shell = anyColour(random);
    const pin = anyMetal(random);
    const n = 3 + random.below(6);
    const rows = 1 + random.below(2);
    const [a, b] = [random.between(66, 90), rows === 2 ? random.between(40, 56) : random.between(26, 42)];
    const step = (2 * a - 26) / n;
    const half = Math.min(9, step * 0.32);
    const long = chance(random, 0.5);
    const pins = Array.from({ length: n * rows }, (_, i): Part => {
      const x = -a + 13 + ((i % n) + 0.5) * step;
      const y = rows === 1 ? 0 : (i < n ? -0.36 : 0.36) * b;
      const shape = long && rows === 1 ? bar([x, 0], [x, b + 26], half * 0.6) : box(half, half, 1, x, y);
      return { shape, colour: pin.rgb, height: long ? 10 : 5, bevel: 3, gloss: 0.5, root: [x, y] };
    });
    return {
      adjectives: [shell.word, "plastic"],
      inside: shade(shell.rgb, 1.3),
      lie: chance(random, 0.4) ? "free" : "tilt",
      outline: union(box(a, b, 6), ...(long && rows === 1 ? pins.map(({ shape }) => shape) : [])),
      parts: () => [
        { shape: box(a, b, 6), colour: shell.rgb, height: 14, bevel: 6, gloss: 0.12 },
        { shape: box(a - 8, b - 8, 4), colour: shade(shell.rgb, 0.45), height: 6, bevel: 3 },
        ...pins,
      ],
    };
  },
});

/** Keys: a bow with a hole, a blade with notches. */
export const key = object({
  name: "key",
  nouns: ["key", "latchkey"],
  heldOut: true,
  defects: ["bent", "missing", "scratch", "chip", "stain", "discolouration", "crack"],
  words: { missing: ["a missing tooth", "a broken tooth"], discolouration: ["rust", "discolouration"] },
  thing(random) {
    const alloy = anyMetal(random);
    const bow = random.between(26, 36);
    const square = chance(random, 0.4);
    const half = random.between(7, 11);
    const head = minus(square ? box(bow, bow, 8, 0, -52) : circle(bow, 0, -52), circle(bow * 0.4, 0, -60));
    const n = 3 + random.below(4);
    const finish = { colour: alloy.rgb, height: 6, bevel: 3, gloss: 0.4, mottle: [0.07, 20, 5] as const };
    const bits = Array.from({ length: n }, (_, i): Part => {
      const y = 14 + i * (70 / n);
      return { ...finish, shape: box(random.between(6, 11), 22 / n, 1, half + 3, y), root: [half, y] };
    });
    const blade = box(half, 58, 4, 0, 32);
    return {
      adjectives: [alloy.word],
      inside: shade(alloy.rgb, 1.35),
      lie: "free",
      outline: union(head, blade, ...bits.map(({ shape }) => shape)),
      parts: () => [
        ...bits,
        { ...finish, shape: blade },
        { ...finish, shape: head },
        { shape: box(1.6, 50, 1, -half * 0.3, 34), colour: shade(alloy.rgb, 0.6), print: true },
      ],
    };
  },
});

/** Cables cut across, or strands side by side. */
export const cable = object({
  name: "cable",
  nouns: ["cable", "wire bundle", "cord"],
  defects: ["missing", "crack", "chip", "stain", "contamination", "discolouration", "hole"],
  words: { missing: ["a missing wire", "a missing conductor"] },
  thing(random) {
    const sheath = anyColour(random);
    const copper = anyMetal(random);
    const n = 2 + random.below(5);
    const outer = random.between(76, 90);
    const core = n === 2 ? outer * 0.36 : outer * Math.min(0.36, 1.15 / n + 0.08);
    const far = outer - core - random.between(12, 16);
    const colours = Array.from({ length: n }, () => anyColour(random).rgb);
    const filler = mix(sheath.rgb, [0.85, 0.85, 0.85], random.between(0.1, 0.7));
    const cores = colours.flatMap((colour, i): Part[] => {
      const [c, s] = unitAt(i / n);
      const at = [c * far, s * far] as const;
      const strands = circle(core * 0.58, ...at);
      return [
        { shape: circle(core, ...at), colour, height: 9, bevel: 3, gloss: 0.1 },
        {
          shape: strands,
          colour: copper.rgb,
          height: 8,
          bumps: 1,
          mottle: [0.5, 5, 5],
          gloss: 0.3,
          root: at,
        },
      ];
    });
    return {
      adjectives: [sheath.word],
      inside: [0.8, 0.8, 0.78],
      lie: "free",
      outline: circle(outer),
      parts: () => [
        { shape: circle(outer), colour: sheath.rgb, height: 10, bevel: 5, gloss: 0.1 },
        { shape: circle(outer - 9), colour: filler, height: 5 },
        ...cores,
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
      lie: "tilt",
      outline: band,
      parts: () => [
        { shape: band, colour: tape.rgb, height: 2, bevel: 2, mottle: [0.18, 5, 9], bumps: 0.5 },
        ...teeth,
      ],
    };
  },
});

/** Metal brackets and hinges: plates with holes. */
export const bracket = object({
  name: "bracket",
  nouns: ["bracket", "hinge", "flange", "mounting bracket"],
  defects: [
    "missing",
    "scratch",
    "dent",
    "crack",
    "stain",
    "bent",
    "contamination",
    "discolouration",
    "chip",
  ],
  words: { missing: ["a missing hole"], discolouration: ["rust", "corrosion", "discolouration"] },
  thing(random) {
    const alloy = chance(random, 0.75) ? anyMetal(random) : anyColour(random);
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
    return {
      adjectives: [alloy.word],
      inside: shade(alloy.rgb, 1.35),
      lie: "free",
      outline: shape,
      parts: () => [
        { shape, colour: alloy.rgb, height: 6, bevel: 3, gloss: 0.25, mottle: [0.1, 4, 40] },
        ...places.map(
          ([x, y]): Part => ({
            shape: circle(hole, x, y),
            colour: [0.07, 0.07, 0.07],
            height: 0.5,
            root: [x, y],
          }),
        ),
      ],
    };
  },
});

const STROKES: readonly (readonly Point[])[] = [
  [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
    [-1, -1],
  ],
  [
    [-1, 1],
    [0, -1],
    [1, 1],
  ],
  [
    [-0.6, 0.2],
    [0.6, 0.2],
  ],
  [
    [-1, -1],
    [-1, 1],
    [1, 1],
  ],
  [
    [-1, -1],
    [1, 1],
  ],
  [
    [1, -1],
    [-1, 1],
  ],
  [
    [0, -1],
    [0, 1],
  ],
  [
    [-1, 0],
    [1, 0],
  ],
  [
    [-1, -1],
    [1, -1],
  ],
  [
    [-1, -1],
    [0, 0.1],
    [1, -1],
  ],
  [
    [-1, 1],
    [-1, -1],
    [1, 1],
    [1, -1],
  ],
  [
    [0.9, -0.7],
    [0.3, -1],
    [-0.6, -0.9],
    [-0.9, -0.4],
    [0, 0],
    [0.9, 0.4],
    [0.6, 0.9],
    [-0.3, 1],
    [-0.9, 0.7],
  ],
];

/** Drawn or printed signs: strokes of a few directions. */
export const glyph = object({
  name: "glyph",
  nouns: ["glyph", "symbol", "letter", "logo", "character"],
  defects: ["missing", "bent", "stain", "contamination", "discolouration", "scratch", "chip"],
  words: {
    missing: ["a missing stroke"],
    bent: ["a crooked stroke"],
    chip: ["a broken stroke", "a missing piece"],
  },
  thing(random) {
    const ink = anyColour(random);
    const thick = random.between(5, 12);
    const [a, b] = [random.between(40, 70), random.between(52, 78)];
    const count = 2 + random.below(3);
    const raised = chance(random, 0.4) ? 7 : 1;
    const strokes = Array.from({ length: count }, (): Part => {
      const points = pick(random, STROKES).map(([x, y]): Point => [x * a, y * b]);
      return {
        shape: polyline(points, thick),
        colour: ink.rgb,
        height: raised,
        bevel: 4,
        gloss: 0.1,
        root: points[0]!,
      };
    });
    return {
      adjectives: [ink.word],
      inside: shade(ink.rgb, 1.4),
      lie: "tilt",
      outline: union(...strokes.map(({ shape }) => shape)),
      parts: () => strokes,
    };
  },
});

const SEGMENTS: readonly string[] = [
  "abcdef",
  "bc",
  "abged",
  "abgcd",
  "fgbc",
  "afgcd",
  "afgedc",
  "abc",
  "abcdefg",
  "abcdfg",
];
const WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"];

/** Numerals of seven strokes, sharp or rounded. */
export const digit = object({
  name: "digit",
  nouns: ["numeral"],
  defects: ["missing", "bent", "stain", "contamination", "scratch", "chip", "discolouration"],
  words: {
    missing: ["a missing segment", "a missing stroke"],
    bent: ["a crooked stroke"],
    chip: ["a broken stroke", "a missing piece"],
  },
  thing(random) {
    const ink = anyColour(random);
    const n = random.below(10);
    const [a, b] = [random.between(26, 44), random.between(58, 80)];
    const thick = random.between(6, 12);
    const slant = random.between(-0.15, 0.25);
    const gap = chance(random, 0.5) ? thick * 1.1 : 0;
    const at = (x: number, y: number): Point => [x * a - slant * y * b, y * b];
    const ends: Readonly<Record<string, readonly [Point, Point]>> = {
      a: [at(-1, -1), at(1, -1)],
      b: [at(1, -1), at(1, 0)],
      c: [at(1, 0), at(1, 1)],
      d: [at(1, 1), at(-1, 1)],
      e: [at(-1, 1), at(-1, 0)],
      f: [at(-1, 0), at(-1, -1)],
      g: [at(-1, 0), at(1, 0)],
    };
    const strokes = [...SEGMENTS[n]!].map((name): Part => {
      const [[x0, y0], [x1, y1]] = ends[name]!;
      const length = Math.sqrt((x1 - x0) * (x1 - x0) + (y1 - y0) * (y1 - y0));
      const [ux, uy] = [((x1 - x0) / length) * gap, ((y1 - y0) / length) * gap];
      return {
        shape: bar([x0 + ux, y0 + uy], [x1 - ux, y1 - uy], thick),
        colour: ink.rgb,
        height: 2,
        bevel: 4,
        gloss: 0.1,
        root: [x0, y0],
      };
    });
    return {
      noun: `${pick(random, ["digit", "numeral", "number"])} ${WORDS[n]}`,
      adjectives: [ink.word],
      inside: shade(ink.rgb, 1.4),
      lie: "tilt",
      outline: union(...strokes.map(({ shape }) => shape)),
      parts: () => strokes,
    };
  },
});

/** Stickers with lines of text and bars. */
export const label = object({
  name: "label",
  nouns: ["label", "sticker", "barcode", "name plate", "ticket"],
  defects: ["misprint", "scratch", "stain", "missing", "chip", "discolouration", "contamination", "hole"],
  words: { missing: ["a missing line", "missing print"], chip: ["a torn corner", "a torn edge"] },
  thing(random) {
    const sheet = anyColour(
      random,
      chance(random, 0.6) ? ["white", "yellow", "cream", "light grey"] : undefined,
    );
    const ink = contrasting(random, sheet.rgb);
    const [a, b] = [random.between(64, 92), random.between(40, 70)];
    const bars = chance(random, 0.6);
    const print: Part[] = [];
    const add = (shape: Shape, at: Point) => print.push({ shape, colour: ink.rgb, print: true, root: at });
    let y = -b + 14;
    if (bars) {
      const tall = b * random.between(0.25, 0.5);
      for (let x = -a + 14; x < a - 14; x += random.between(7, 13))
        add(box(random.between(1.4, 3.4), tall, 0, x, y + tall), [x, y]);
      y += 2 * tall + 14;
    }
    for (; y < b - 8; y += 15) {
      const long = a * random.between(0.3, 0.8);
      add(box(long, 3, 0, -a + 14 + long, y), [-a, y]);
    }
    return {
      adjectives: [sheet.word, "printed"],
      inside: [0.75, 0.73, 0.7],
      lie: "tilt",
      outline: box(a, b, 5),
      parts: () => [
        { shape: box(a, b, 5), colour: sheet.rgb, height: 2, bevel: 1.5, gloss: 0.05, mottle: [0.03, 9, 9] },
        ...print,
      ],
    };
  },
});

/** Leaves with veins. */
export const leaf = object({
  name: "leaf",
  nouns: ["leaf", "petal", "feather"],
  defects: ["hole", "chip", "stain", "discolouration", "crack", "contamination", "fold"],
  words: {
    chip: ["a bite", "a torn edge"],
    discolouration: ["a withered patch", "a yellowed area"],
    crack: ["a tear"],
  },
  thing(random) {
    const green = anyColour(
      random,
      chance(random, 0.7) ? ["green", "dark green", "olive", "yellow", "orange"] : undefined,
    );
    const half = random.between(26, 52);
    const n = 4 + random.below(5);
    const vein = shade(green.rgb, chance(random, 0.5) ? 1.4 : 0.65);
    const r = (84 * 84 + half * half) / (2 * half);
    const lens: Shape = {
      distance: (x, y) => {
        const d = Math.abs(x) + r - half;
        return Math.sqrt(d * d + y * y) - r;
      },
      x: 0,
      y: 0,
      radius: 90,
    };
    const veins = Array.from({ length: 2 * n }, (_, i): Shape => {
      const side = i % 2 ? 1 : -1;
      const y = 66 - (Math.floor(i / 2) * 120) / n;
      const w = half * (1 - ((y - 12) * (y - 12)) / 8100) * 0.85;
      return bar([0, y], [side * w, y - 0.7 * w], 1.5, 0.6);
    });
    return {
      adjectives: [green.word],
      inside: shade(green.rgb, 0.5),
      lie: "free",
      outline: union(lens, bar([0, 70], [0, 98], 2.5)),
      parts: () => [
        { shape: bar([0, 60], [0, 98], 2.8), colour: shade(vein, 0.8), height: 3, bevel: 2 },
        {
          shape: lens,
          colour: green.rgb,
          height: 5,
          bevel: 16,
          gloss: 0.08,
          mottle: [0.14, 18, 18],
          bumps: 0.8,
        },
        { shape: union(bar([0, 82], [0, -80], 2.4, 0.8), ...veins), colour: vein, height: 6, bevel: 2 },
      ],
    };
  },
});

/** Seeds, beans and nuts without shells: smooth bulging bodies with a crease. */
export const seed = object({
  name: "seed",
  nouns: ["bean", "seed", "almond", "grain of rice", "kernel", "potato"],
  defects: ["hole", "crack", "chip", "stain", "discolouration", "contamination", "scratch"],
  thing(random) {
    const skin = anyColour(random, [
      "brown",
      "beige",
      "cream",
      "dark red",
      "dark brown",
      "olive",
      "orange",
      "white",
      "black",
    ]);
    const [a, b] = [random.between(36, 62), random.between(66, 88)];
    const crease = chance(random, 0.5);
    const wrinkle = random.between(0.03, 0.25);
    const bend = random.between(0, 0.006);
    const base = ellipse(a, b);
    const shape: Shape = {
      x: 0,
      y: 0,
      radius: b * 1.3,
      distance: (x, y) => base.distance(x - bend * y * y + bend * 1600, y),
    };
    return {
      adjectives: [skin.word],
      inside: [0.88, 0.83, 0.7],
      lie: "free",
      outline: shape,
      parts: () => [
        {
          shape,
          colour: skin.rgb,
          height: a * 0.7,
          bevel: a,
          gloss: 0.15,
          mottle: [wrinkle, 9, 40],
          bumps: 10 * wrinkle,
        },
        ...(crease
          ? [{ shape: ellipse(2.4, b * 0.7, -a * 0.2, 0), colour: shade(skin.rgb, 0.6), print: true } as Part]
          : []),
      ],
    };
  },
});

/** Cups, mugs, pots and bulbs from the side. */
export const vessel = object({
  name: "vessel",
  nouns: ["cup", "mug", "bowl", "vase", "pot"],
  defects: ["crack", "chip", "stain", "scratch", "missing", "misprint", "contamination", "discolouration"],
  words: { missing: ["a missing handle", "a broken handle"] },
  thing(random) {
    const glaze = anyColour(random);
    const ink = contrasting(random, glaze.rgb);
    const [top, low] = [random.between(40, 62), random.between(26, 56)];
    const tall = random.between(44, 66);
    const body = moved(
      union(
        polygon([
          [-top, -tall],
          [top, -tall],
          [low, tall],
          [-low, tall],
        ]),
        ellipse(low, 9, 0, tall),
      ),
      [1, 0],
      -10,
      0,
    );
    const handle = minus(ellipse(26, tall * 0.6, top - 12, 0), ellipse(15, tall * 0.4, top - 12, 0));
    const dots = pick(random, [
      union(box(200, 4, 0, 0, -6), box(200, 4, 0, 0, 12)),
      union(...[-36, -12, 12, 36].map((x) => circle(6, x - 10, 4))),
      polygon(corners(5, 26, 12)),
      circle(18, -10, 2),
    ]);
    const banded: Shape = {
      ...body,
      distance: (x, y) => Math.max(dots.distance(x, y), body.distance(x, y) + 1),
    };
    return {
      adjectives: [glaze.word, "ceramic"],
      inside: [0.92, 0.9, 0.85],
      lie: "tilt",
      outline: union(body, handle),
      parts: () => [
        {
          shape: handle,
          colour: shade(glaze.rgb, 0.92),
          height: 10,
          bevel: 6,
          gloss: 0.35,
          root: [top - 14, 0],
        },
        { shape: body, colour: glaze.rgb, height: 34, bevel: 46, gloss: 0.35, mottle: [0.04, 20, 20] },
        { shape: ellipse(top - 2, 8, -10, -tall + 3), colour: shade(glaze.rgb, 0.5), height: 20 },
        { shape: banded, colour: ink.rgb, print: true, gloss: 0.3 },
      ],
    };
  },
});
