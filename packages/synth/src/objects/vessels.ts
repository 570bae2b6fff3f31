import { anyColour, contrasting, shade } from "../draw/colours.js";
import { wave } from "../draw/maths.js";
import { chance, pick } from "../draw/random.js";
import {
  bar,
  box,
  circle,
  corners,
  ellipse,
  minus,
  moved,
  polygon,
  type Shape,
  union,
} from "../draw/shapes.js";
import { object, type Part, SOLID } from "./object.js";

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
      orientation: "tilt",
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
      orientation: "tilt",
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
    const ink = contrasting(random, two.rgb);
    const finish = { height: half * 0.9, bevel: half, gloss: 0.5 };
    return {
      adjectives: [one === two ? one.word : `${one.word} and ${two.word}`],
      inside: [0.9, 0.88, 0.8],
      orientation: "free",
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
        {
          shape: union(
            box(half * 0.45, 2.6, 0, 0, seam + 16),
            box(half * 0.45, 2.6, 0, 0, seam + 26),
            circle(4, 0, seam + 36),
          ),
          colour: ink.rgb,
          print: true,
        },
      ],
    };
  },
});
