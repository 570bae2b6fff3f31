import { anyColour, contrasting, mix } from "../draw/colours.js";
import { clamp, fraction, smoothstep } from "../draw/maths.js";
import { cell, cloud, dice, grain } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { texture } from "./texture.js";

const WHITE = [1, 1, 1] as const;

/** Slices of bodies, as scanners show them: soft shells around folds and hollows on black. */
export const slice = texture({
  name: "slice",
  nouns: ["scan", "tomogram", "axial slice", "cross-section scan", "medical image"],
  defects: ["stain", "hole", "discolouration", "contamination", "misprint"],
  words: {
    stain: ["a lesion", "a bright spot", "a mass"],
    hole: ["a dark spot", "a cavity", "a lesion"],
    discolouration: ["a diffuse lesion", "swelling", "a shadow"],
    contamination: ["bright spots", "small lesions", "calcification"],
    misprint: ["an artefact", "a missing region"],
  },
  material(random) {
    const shell = random.between(0.35, 0.95);
    const tissue = random.between(0.25, 0.6);
    const folds = random.between(0.02, 0.06);
    const depth = random.between(0.05, 0.35);
    const thick = random.between(4, 14);
    const stretch = random.between(0.75, 1.05);
    const hollow = random.between(0.6, 1.3);
    const isDark = chance(random, 0.7);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [pick(random, ["grey", "soft", "greyscale"])],
      inside: [0.9, 0.9, 0.9],
      grey: true,
      orientation: "level",
      outline: (x, y) => {
        const [dx, dy] = [(x - 2048) / stretch, y - 2048];
        return Math.sqrt(dx * dx + dy * dy) - 64;
      },
      shader({ canvas, random: samples, gone }) {
        const person = samples.below(1024);
        const [fold, bend, soft] = [cloud(seed + person), grain(seed + 7 + person), grain(seed + 5 + person)];
        const half = samples.between(72, 100);
        const squeeze = stretch * samples.between(0.94, 1.06);
        const open = hollow * samples.between(0.8, 1.2);
        const [cx, cy] = [samples.between(-8, 8), samples.between(-8, 8)];
        return (p, x, y) => {
          const dx = (fraction(x / 4096) * 4096 - 2048 - cx) / squeeze;
          const dy = fraction(y / 4096) * 4096 - 2048 - cy;
          const r = Math.sqrt(dx * dx + dy * dy) + 6 * bend(dx * 0.012, dy * 0.012);
          const d = r - half;
          const bone = smoothstep(thick, thick - 4, Math.abs(d + thick)) * shell;
          const within = smoothstep(-2 * thick + 2, -2 * thick - 4, d);
          const ridge = Math.abs(fold(Math.abs(dx) * folds, dy * folds));
          // Two mirrored hollows near the middle, and the seam between the halves.
          const ax = Math.abs(dx) - 13 * open;
          const bulge = (ax * ax) / 60 + (dy * dy) / 420 + 0.4 * soft(dx * 0.04, dy * 0.04);
          const cave = smoothstep(1.1 * open, 0.6 * open, bulge);
          const seam = smoothstep(3, 0, Math.abs(dx)) * 0.5;
          let level = tissue * (1 + depth * (1 - 3 * smoothstep(0.25, 0, ridge)) - 0.5 * seam);
          level += (isDark ? -0.8 * tissue : 0.4) * cave;
          if (gone?.(x, y)) level *= 0.3;
          const v = clamp(
            0.03 + bone + within * level + 0.03 * soft(dx * 0.2, dy * 0.2) * within,
            0.02,
            0.95,
          );
          canvas.set(p, 0, WHITE, v, 0);
          canvas.cover[p] = smoothstep(-2, -8, d);
        };
      },
    };
  },
});

/** Round cells with nuclei in a stained ground. */
export const smear = texture({
  name: "smear",
  nouns: ["micrograph", "cell culture", "tissue sample", "blood smear"],
  defects: ["stain", "contamination", "discolouration", "scratch", "hole"],
  material(random) {
    const ground = anyColour(random, ["pink", "cream", "light blue", "white", "light grey", "purple"]);
    const body = contrasting(random, ground.rgb);
    const size = random.between(26, 50);
    const fill = random.between(0.3, 0.45);
    const nucleus = random.between(0.15, 0.6);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [ground.word],
      inside: [0.95, 0.95, 0.95],
      orientation: "free",
      shader({ canvas, random: samples }) {
        const near = { nearest: 0, margin: 0, id: 0 };
        const [wobble, far] = [grain(seed), cloud(seed + 1)];
        const pour = seed + samples.below(4096);
        return (p, x, y) => {
          cell(pour, x / size, y / size, near);
          const d = near.nearest + 0.08 * wobble(x * 0.06, y * 0.06);
          const inner = smoothstep(fill, fill - 0.12, d) * smoothstep(0, 0.12, near.margin);
          const core = smoothstep(fill * nucleus, fill * nucleus - 0.08, d);
          const light = 1 + 0.12 * far(x * 0.01, y * 0.01);
          canvas.blend(p, 0, ground.rgb, body.rgb, 0.45 * inner + 0.5 * core * inner, light, 0);
        };
      },
    };
  },
});

const DRILLED = [0.08, 0.08, 0.07] as const;

/** Traces, pads and vias on a coated board. */
export const board = texture({
  name: "board",
  nouns: ["circuit board", "printed circuit", "motherboard"],
  defects: ["scratch", "missing", "contamination", "stain", "misprint", "discolouration", "hole"],
  words: { missing: ["a missing trace", "a broken trace", "an open circuit"] },
  material(random) {
    const lacquer = anyColour(random, ["green", "dark green", "blue", "red", "black", "navy", "white"]);
    const trace = mix(lacquer.rgb, [0.8, 0.75, 0.5], random.between(0.25, 0.6));
    const pad = pick(random, [
      [0.8, 0.66, 0.35],
      [0.75, 0.76, 0.78],
    ] as const);
    const pitch = random.between(18, 34);
    const width = random.between(0.1, 0.2);
    const dense = random.between(-0.4, 0.2);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [lacquer.word],
      inside: [0.7, 0.6, 0.4],
      orientation: "tilt",
      shader({ canvas, gone }) {
        const bits = dice(seed);
        const soft = canvas.unit / pitch;
        const line = (d: number) => clamp(0.5 + (width - d) / soft);
        return (p, x, y) => {
          const [u, v] = [x / pitch, y / pitch];
          const [i, j] = [Math.floor(u), Math.floor(v)];
          const [a, b] = [u - i - 0.5, v - j - 0.5];
          // Whether a trace crosses a side of a lattice cell is the same for both of its cells.
          const [east, west] = [bits(i, j) > dense, bits(i - 1, j) > dense];
          const [south, north] = [bits(i + 500, j) > dense, bits(i + 500, j - 1) > dense];
          let on = 0;
          if (a > 0 ? east : west) on = line(Math.abs(b));
          if (b > 0 ? south : north) on = Math.max(on, line(Math.abs(a)));
          if (gone?.(x, y)) on = 0;
          const r = Math.sqrt(a * a + b * b);
          const isPad = bits(i + 77, j + 31) > 0.35;
          const ring = isPad ? clamp(0.5 + (0.36 - r) / soft) : 0;
          const via = isPad ? clamp(0.5 + (0.14 - r) / soft) : 0;
          const tall = 0.8 * Math.max(on, ring) - 3 * via;
          canvas.blend(p, tall, lacquer.rgb, trace, on, 1, 0.05 + 0.3 * ring);
          canvas.tint(p, pad, ring);
          canvas.tint(p, DRILLED, 0.9 * via);
        };
      },
    };
  },
});
