import { anyColour, contrasting } from "../draw/colours.js";
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
import { type Finish, object, part, print, SOLID, times } from "./object.js";

/** Bottles from the side, labelled. */
export const bottle = object("bottle", {
  nouns: ["bottle", "flask", "jar", "vial"],
  defects: ["crack", "chip", "scratch", "stain", "contamination", "missing", "misprint", "discolouration"],
  words: { missing: ["a missing cap", "a missing label"] },
  thing(random) {
    const base = anyColour(random);
    const lid = contrasting(random, base.rgb).rgb;
    const label = contrasting(random, base.rgb).rgb;
    const ink = contrasting(random, label).rgb;
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
    const line = (i: number) =>
      box(half * (i ? 0.55 : 0.75), i ? 2 : 4.5, 0, 0, low + 10 + i * ((high - low - 14) / lines));
    const sheen = (x: number) => 0.82 + 0.3 * Math.max(0, 1 - Math.abs(x + half * 0.45) / (half * 0.22));
    const milled = (x: number) => 0.9 + 0.15 * wave(x / 9);
    return {
      base,
      adjectives: [pick(random, ["glass", "plastic"])],
      inside: 1.5,
      orientation: "tilt",
      outline: union(body, top),
      parts: [
        part(body, { height: half * 0.8, bevel: half, gloss: 0.4, tone: sheen }),
        part(top, { colour: lid, height: 12, bevel: neck, gloss: 0.2, tone: milled }, [0, -74]),
        print(box(half * 0.97, (high - low) / 2, 2, 0, middle), label, {}, [0, middle]),
        ...times(lines, (i) => print(line(i), ink)),
      ],
    };
  },
});

/** Cups, mugs, pots and bulbs from the side. */
export const vessel = object("vessel", {
  nouns: ["cup", "mug", "bowl", "vase", "pot"],
  defects: ["crack", "chip", "stain", "scratch", "missing", "misprint", "contamination", "discolouration"],
  words: { missing: ["a missing handle", "a broken handle"] },
  thing(random) {
    const base = anyColour(random);
    const ink = contrasting(random, base.rgb).rgb;
    const [top, low] = [random.between(40, 62), random.between(26, 56)];
    const tall = random.between(44, 66);
    const side = polygon([
      [-top, -tall],
      [top, -tall],
      [low, tall],
      [-low, tall],
    ]);
    const body = moved(union(side, ellipse(low, 9, 0, tall)), [1, 0], -10, 0);
    const handle = minus(ellipse(26, tall * 0.6, top - 12, 0), ellipse(15, tall * 0.4, top - 12, 0));
    const pattern = pick(random, [
      union(box(200, 4, 0, 0, -6), box(200, 4, 0, 0, 12)),
      union(...[-36, -12, 12, 36].map((x) => circle(6, x - 10, 4))),
      polygon(corners(5, 26, 12)),
      circle(18, -10, 2),
    ]);
    const banded: Shape = {
      ...body,
      distance: (x, y) => Math.max(pattern.distance(x, y), body.distance(x, y) + 1),
    };
    return {
      base,
      adjectives: ["ceramic"],
      inside: [0.92, 0.9, 0.85],
      orientation: "tilt",
      outline: union(body, handle),
      parts: [
        part(handle, { colour: 0.92, height: 10, bevel: 6, gloss: 0.35 }, [top - 14, 0]),
        part(body, { height: 34, bevel: 46, gloss: 0.35, mottle: [0.04, 20, 20] }),
        part(ellipse(top - 2, 8, -10, -tall + 3), { colour: 0.5, height: 20 }),
        print(banded, ink, { gloss: 0.3 }),
      ],
    };
  },
});

/** Two-coloured capsules. */
export const capsule = object("capsule", {
  nouns: ["capsule", "gel cap", "lozenge shell"],
  defects: [...SOLID, "dent", "misprint", "bent", "hole"],
  thing(random) {
    const one = anyColour(random);
    const two = chance(random, 0.75) ? contrasting(random, one.rgb) : one;
    const half = random.between(24, 36);
    const end = random.between(54, 66) - 10;
    const seam = random.between(-14, 14);
    const ink = contrasting(random, two.rgb).rgb;
    const shell = (r: number) => bar([0, -end], [0, end], r);
    const upper = box(200, 100, 0, 0, -100 + seam);
    const stripe = (y: number) => box(half * 0.45, 2.6, 0, 0, seam + y);
    const finish: Finish = { height: half * 0.9, bevel: half, gloss: 0.5 };
    return {
      base: one === two ? one : { ...one, word: `${one.word} and ${two.word}` },
      inside: [0.9, 0.88, 0.8],
      parts: [
        part(shell(half), finish),
        part(minus(shell(half + 1.5), upper), { ...finish, colour: two.rgb, height: half }),
        print(union(stripe(16), stripe(26), circle(4, 0, seam + 36)), ink),
      ],
    };
  },
});
