import { anyColour, contrasting, shade } from "../draw/colours.js";
import type { Point } from "../draw/maths.js";
import { chance, pick } from "../draw/random.js";
import { bar, box, polyline, type Shape, union } from "../draw/shapes.js";
import { object, type Part } from "./object.js";

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
        root: points[0],
      };
    });
    return {
      adjectives: [ink.word],
      inside: shade(ink.rgb, 1.4),
      orientation: "tilt",
      outline: union(...strokes.map(({ shape }) => shape)),
      parts: () => strokes,
    };
  },
});

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
    const strokes = [...SEGMENTS[n]].map((name): Part => {
      const [[x0, y0], [x1, y1]] = ends[name];
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
      orientation: "tilt",
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
      orientation: "tilt",
      outline: box(a, b, 5),
      parts: () => [
        { shape: box(a, b, 5), colour: sheet.rgb, height: 2, bevel: 1.5, gloss: 0.05, mottle: [0.03, 9, 9] },
        ...print,
      ],
    };
  },
});
