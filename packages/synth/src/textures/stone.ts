import { contrasting } from "../draw/colours.js";
import { smoothstep } from "../draw/maths.js";
import { cells, cloud, dice, grain, seen } from "../draw/noise.js";
import { pick } from "../draw/random.js";
import { colour } from "./look.js";
import { texture } from "./texture.js";

/** Clouds of two colours crossed by veins. */
export const marble = texture("marble", {
  nouns: ["marble", "stone slab", "alabaster", "worktop"],
  defects: ["scratch", "crack", "hole", "stain", "contamination", "discolouration"],
  look: { base: colour(), vein: contrasting, scale: [0.004, 0.014], stretch: [0.4, 1], width: [0.04, 0.14] },
  design: (_, random) => ({
    adjectives: [pick(random, ["veined", "polished"])],
    inside: 1.2,
    orientation: "free",
  }),
  shader({ canvas, seed, base, vein, scale, stretch, width }) {
    const [one, two] = [cloud(seed), cloud(seed + 1)];
    return (p, x, y) => {
      const w = two(x * scale * 0.7, y * scale * 0.7);
      const c = one(x * scale + 0.4 * w, y * scale * stretch - 0.4 * w);
      const line = 1 - smoothstep(0, width, Math.abs(c));
      canvas.blend(p, 0, base.rgb, vein.rgb, 0.65 * line + 0.12 * (w + 0.5), 1 + 0.14 * w, 0.06);
    };
  },
});

const CRYSTALS = [
  "grey",
  "light grey",
  "pink",
  "beige",
  "dark grey",
  "brown",
  "white",
  "black",
  "dark green",
];

/** Crystals of three colours. */
export const granite = texture("granite", {
  nouns: ["granite", "speckled stone", "countertop", "gneiss"],
  defects: ["scratch", "crack", "hole", "stain", "contamination", "discolouration"],
  look: {
    base: colour(...CRYSTALS),
    second: colour(),
    third: colour("white", "black", "grey"),
    first: [0.4, 0.7],
    most: [0.75, 0.95],
    size: [7, 20],
  },
  design: () => ({ inside: 1.25, orientation: "free" }),
  shader({ canvas, seed, base, second, third, first, most, size }) {
    const [wobble, crystal] = [grain(seed), cells(seed)];
    return (p, x, y) => {
      const w = 0.35 * wobble(x / size / 0.6, y / size / 0.6);
      const { id } = crystal(x / size + w, y / size - w);
      const t = (id & 1023) / 1024;
      const { rgb } = t < first ? base : t < most ? second : third;
      canvas.set(p, 0, rgb, 0.85 + (0.3 * ((id >>> 10) & 255)) / 255, 0.05);
    };
  },
});

/** Noise at all scales, from smooth clay to coarse asphalt. */
export const plaster = texture("plaster", {
  nouns: ["plaster", "asphalt", "clay", "stucco", "mortar", "sandpaper"],
  defects: ["scratch", "crack", "hole", "stain", "dent", "contamination", "discolouration"],
  look: {
    base: colour(),
    slow: [0, 0.3],
    middle: [0, 0.25],
    quick: [0.05, 0.35],
    pitch: [4, 12],
    bumps: [0.5, 4],
  },
  design: (_, random) => ({
    adjectives: [pick(random, ["rough", "grainy"])],
    inside: 0.6,
    orientation: "free",
  }),
  shader({ canvas, seed, base, slow, middle, quick, pitch, bumps }) {
    const [far, mid, fine] = [cloud(seed), cloud(seed + 1), grain(seed + 2)];
    const left = 0.4 + 0.6 * seen(pitch, canvas.unit);
    return (p, x, y) => {
      const m = mid(x * 0.03, y * 0.03);
      const f = fine(x / pitch, y / pitch) * left;
      const light = 1 + slow * far(x * 0.006, y * 0.006) + middle * m + quick * f;
      canvas.set(p, bumps * (m + 0.4 * f), base.rgb, light, 0.01);
    };
  },
});

/** Loose rounded stones. */
export const gravel = texture("gravel", {
  nouns: ["gravel", "pebbles", "crushed rock", "pellets", "beads"],
  defects: ["stain", "contamination", "discolouration", "hole"],
  look: {
    base: colour(),
    size: [14, 38],
    spread: [0.1, 0.9],
    other: contrasting,
    mixed: (random) => (random.below(2) ? random.between(0.1, 0.4) : 0),
    gloss: [0, 0.4],
  },
  design: ({ gloss }) => ({ adjectives: gloss > 0.25 ? ["shiny"] : [], inside: 0.2, orientation: "free" }),
  shader({ canvas, seed, random, base, size, spread, other, mixed, gloss }) {
    const [stone, rough] = [cells(seed + random.below(4096)), cloud(seed)];
    return (p, x, y) => {
      const { nearest, margin, id } = stone(x / size, y / size);
      const rim = smoothstep(0, 0.25, margin);
      const dome = 1 - nearest * nearest;
      const { rgb } = (id & 1023) / 1024 < mixed ? other : base;
      const tone = 1 + spread * (((id >>> 10) & 255) / 255 - 0.5);
      const light = (0.25 + 0.75 * rim) * tone * (1 + 0.2 * rough(x * 0.05, y * 0.05));
      canvas.set(p, size * 0.3 * dome * rim, rgb, light, gloss * rim);
    };
  },
});

/** Polished chips of stone of several sizes in a smooth ground. */
export const terrazzo = texture("terrazzo", {
  nouns: ["terrazzo", "chipstone"],
  heldOut: true,
  defects: ["scratch", "crack", "hole", "stain", "contamination", "discolouration"],
  look: {
    base: colour(),
    first: contrasting,
    second: contrasting,
    third: colour(),
    size: [20, 40],
    fill: [0.28, 0.42],
  },
  design: () => ({ adjectives: ["polished"], inside: 0.7, orientation: "free" }),
  shader({ canvas, seed, base, first, second, third, size, fill }) {
    const [stone, edge, dust, tone] = [cells(seed), grain(seed), cloud(seed + 1), dice(seed)];
    const chips = [first, second, third];
    return (p, x, y) => {
      const { nearest, id } = stone(x / size, y / size);
      const radius = fill * (0.5 + ((id >>> 12) & 255) / 255);
      const ragged = nearest + 0.12 * edge(x * 0.12, y * 0.12);
      const chip = smoothstep(radius, radius - canvas.unit / size, ragged);
      const light = 1 + 0.1 * dust(x * 0.03, y * 0.03) + 0.1 * chip * tone(id & 255);
      canvas.blend(p, 0, base.rgb, chips[id % 3].rgb, chip, light, 0.06);
    };
  },
});
