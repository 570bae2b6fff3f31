import { anyColour, type Colour, contrasting } from "../draw/colours.js";
import { norm, type Point } from "../draw/maths.js";
import { chance, pick } from "../draw/random.js";
import { bar, box, polyline, type Shape, union } from "../draw/shapes.js";
import { object, type Part, part, print, shapesOf, type Thing, times } from "./object.js";

/** Points, written as SVG writes those of a polyline: "0,-1 0,1". */
const points = (text: string): Point[] =>
  text.split(" ").map((pair): Point => {
    const [x, y] = pair.split(",");
    return [Number(x), Number(y)];
  });

const STROKES = [
  "-1,-1 1,-1 1,1 -1,1 -1,-1",
  "-1,1 0,-1 1,1",
  "-0.6,0.2 0.6,0.2",
  "-1,-1 -1,1 1,1",
  "-1,-1 1,1",
  "1,-1 -1,1",
  "0,-1 0,1",
  "-1,0 1,0",
  "-1,-1 1,-1",
  "-1,-1 0,0.1 1,-1",
  "-1,1 -1,-1 1,1 1,-1",
  "0.9,-0.7 0.3,-1 -0.6,-0.9 -0.9,-0.4 0,0 0.9,0.4 0.6,0.9 -0.3,1 -0.9,0.7",
].map(points);

/** The seven segments of a numeral, named as is usual. */
const SEGMENTS: Readonly<Record<string, readonly Point[]>> = {
  a: points("-1,-1 1,-1"),
  b: points("1,-1 1,0"),
  c: points("1,0 1,1"),
  d: points("1,1 -1,1"),
  e: points("-1,1 -1,0"),
  f: points("-1,0 -1,-1"),
  g: points("-1,0 1,0"),
};

const NUMERALS = [
  ["zero", "abcdef"],
  ["one", "bc"],
  ["two", "abged"],
  ["three", "abgcd"],
  ["four", "fgbc"],
  ["five", "afgcd"],
  ["six", "afgedc"],
  ["seven", "abc"],
  ["eight", "abcdefg"],
  ["nine", "abcdfg"],
] as const;

/** A sign that is nothing but strokes of one height, each fixed at its first point. */
function written(base: Colour, height: number, strokes: readonly (readonly [Shape, Point])[]): Thing {
  const parts = strokes.map(([shape, start]) => part(shape, { height, bevel: 4, gloss: 0.1 }, start));
  return { base, inside: 1.4, orientation: "tilt", outline: union(...shapesOf(parts)), parts };
}

/** Drawn or printed signs: strokes of a few directions. */
export const glyph = object("glyph", {
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
    const strokes = times(count, () => pick(random, STROKES).map(([x, y]): Point => [x * a, y * b]));
    return written(
      ink,
      raised,
      strokes.map((stroke) => [polyline(stroke, thick), stroke[0]]),
    );
  },
});

/** Numerals of seven strokes, sharp or rounded. */
export const digit = object("digit", {
  nouns: ["numeral"],
  defects: ["missing", "bent", "stain", "contamination", "scratch", "chip", "discolouration"],
  words: {
    missing: ["a missing segment", "a missing stroke"],
    bent: ["a crooked stroke"],
    chip: ["a broken stroke", "a missing piece"],
  },
  thing(random) {
    const ink = anyColour(random);
    const [word, segments] = pick(random, NUMERALS);
    const [a, b] = [random.between(26, 44), random.between(58, 80)];
    const thick = random.between(6, 12);
    const slant = random.between(-0.15, 0.25);
    const gap = chance(random, 0.5) ? thick * 1.1 : 0;
    const strokes = [...segments].map((name) => {
      const [[x0, y0], [x1, y1]] = SEGMENTS[name].map(([x, y]): Point => [x * a - slant * y * b, y * b]);
      const length = norm(x1 - x0, y1 - y0);
      const [ux, uy] = [((x1 - x0) / length) * gap, ((y1 - y0) / length) * gap];
      return [bar([x0 + ux, y0 + uy], [x1 - ux, y1 - uy], thick), [x0, y0]] as const;
    });
    return { ...written(ink, 2, strokes), noun: `${pick(random, ["digit", "numeral", "number"])} ${word}` };
  },
});

/** Stickers with lines of text and bars. */
export const label = object("label", {
  nouns: ["label", "sticker", "barcode", "name plate", "ticket"],
  defects: ["misprint", "scratch", "stain", "missing", "chip", "discolouration", "contamination", "hole"],
  words: { missing: ["a missing line", "missing print"], chip: ["a torn corner", "a torn edge"] },
  thing(random) {
    const pale = chance(random, 0.6) ? ["white", "yellow", "cream", "light grey"] : undefined;
    const base = anyColour(random, pale);
    const ink = contrasting(random, base.rgb).rgb;
    const [a, b] = [random.between(64, 92), random.between(40, 70)];
    const bars = chance(random, 0.6);
    const marks: Part[] = [];
    let y = -b + 14;
    if (bars) {
      const tall = b * random.between(0.25, 0.5);
      for (let x = -a + 14; x < a - 14; x += random.between(7, 13))
        marks.push(print(box(random.between(1.4, 3.4), tall, 0, x, y + tall), ink, {}, [x, y]));
      y += 2 * tall + 14;
    }
    for (; y < b - 8; y += 15) {
      const long = a * random.between(0.3, 0.8);
      marks.push(print(box(long, 3, 0, -a + 14 + long, y), ink, {}, [-a, y]));
    }
    return {
      base,
      adjectives: ["printed"],
      inside: [0.75, 0.73, 0.7],
      orientation: "tilt",
      parts: [part(box(a, b, 5), { height: 2, bevel: 1.5, gloss: 0.05, mottle: [0.03, 9, 9] }), ...marks],
    };
  },
});
