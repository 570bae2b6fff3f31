import { anyColour, contrasting, mix } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep } from "../draw/maths.js";
import { cells, cloud, grain, seen } from "../draw/noise.js";
import { chance } from "../draw/random.js";
import { colour, sometimes } from "./look.js";
import { texture } from "./texture.js";

/** Pebbles between creases, as on hides. */
export const hide = texture("hide", {
  nouns: ["hide", "vinyl", "upholstery", "pebbled skin", "dried mud"],
  defects: ["scratch", "hole", "stain", "dent", "contamination", "fold", "discolouration", "crack"],
  look: {
    base: colour(),
    size: [11, 30],
    groove: [0.12, 0.4],
    bumps: [0.8, 3],
    spread: [0, 0.3],
    wobble: [0.1, 0.7],
    gloss: [0.02, 0.2],
  },
  design: ({ base }) => ({ inside: mix(base.rgb, [0.8, 0.65, 0.5], 0.6), orientation: "free" }),
  shader({ canvas, seed, base, size, groove, bumps, spread, wobble, gloss }) {
    const [pebbles, bend, far] = [cells(seed), grain(seed), cloud(seed + 1)];
    return (p, x, y) => {
      const w = wobble * bend(x / size / 2, y / size / 2);
      const { nearest, margin, id } = pebbles(x / size + w, y / size - w);
      const pebble = smoothstep(0, groove, margin);
      const f = far(x * 0.01, y * 0.01);
      const light = (0.72 + 0.28 * pebble) * (1 + spread * ((id & 255) / 255 - 0.5) + 0.16 * f);
      canvas.set(p, bumps * (pebble - 0.6 * nearest * nearest) + 3 * f, base.rgb, light, gloss * pebble);
    };
  },
});

const PULPS = ["white", "cream", "beige", "light grey", "brown"];

/** Almost even sheets: paper, card, and skin-like surfaces. */
export const paper = texture("paper", {
  nouns: ["paper", "cardboard", "parchment", "wallpaper", "card"],
  defects: ["fold", "stain", "hole", "scratch", "contamination", "discolouration", "crack"],
  words: { crack: ["a tear", "a rip"], scratch: ["a scratch", "a pen stroke"] },
  look: {
    base: (random) => anyColour(random, chance(random, 0.6) ? PULPS : undefined),
    tooth: [0.01, 0.07],
    fleck: sometimes(0.4, 0.1, 0.3),
    pitch: [4, 10],
    laid: sometimes(0.3, 9, 20),
  },
  design: ({ laid }) => ({ adjectives: laid ? ["laid"] : [], inside: [0.2, 0.19, 0.18] }),
  shader({ canvas, seed, base, tooth, fleck, pitch, laid }) {
    const [fine, far, spot] = [grain(seed), cloud(seed + 1), grain(seed + 2)];
    return (p, x, y) => {
      const f = fine(x / pitch, y / pitch);
      let light = 1 + tooth * f + 0.05 * far(x * 0.008, y * 0.008);
      if (laid) light += 0.03 * (1 - 4 * Math.abs(fraction(x / laid) - 0.5));
      if (fleck) light -= fleck * smoothstep(0.7, 0.9, spot(x / 6, y / 14));
      canvas.set(p, 6 * tooth * f, base.rgb, light, 0.01);
    };
  },
});

/** Foam with pores of all sizes. */
export const sponge = texture("sponge", {
  nouns: ["sponge", "foam", "bread", "pumice", "cork"],
  defects: ["hole", "stain", "contamination", "discolouration", "crack", "dent"],
  look: { base: colour(), size: [14, 34], pores: [0.25, 0.5] },
  design: () => ({ adjectives: ["porous"], inside: 0.3, orientation: "free" }),
  shader({ canvas, seed, base, size, pores }) {
    const [bubbles, fine, far] = [cells(seed), grain(seed), cloud(seed + 1)];
    return (p, x, y) => {
      const { nearest, id } = bubbles(x / size, y / size);
      const radius = pores * (0.35 + (0.9 * ((id >>> 9) & 255)) / 255);
      const pore = smoothstep(radius, radius * 0.55, nearest);
      const f = fine(x / 7, y / 7);
      const light = (1 - 0.55 * pore) * (1 + 0.12 * f + 0.15 * far(x * 0.012, y * 0.012));
      canvas.set(p, -5 * pore + 0.8 * f, base.rgb, light, 0);
    };
  },
});

/** The colour below a missing print. */
const BARE = [0.86, 0.86, 0.85] as const;

/** Blotches of a few flat colours. */
export const camouflage = texture("camouflage", {
  nouns: ["camouflage", "printed foil", "batik", "patterned wrap"],
  defects: ["misprint", "fold", "hole", "stain", "scratch", "discolouration", "contamination"],
  look: {
    base: colour(),
    second: contrasting,
    third: colour(),
    scale: [0.01, 0.03],
    stretch: [0.5, 1.6],
    low: [-0.25, 0],
    high: [0.1, 0.4],
  },
  design: () => ({ inside: [0.85, 0.85, 0.84] }),
  shader({ canvas, gone, seed, random, base, second, third, scale, stretch, low, high }) {
    const field = cloud(seed);
    const gloss = random.between(0, 0.06);
    return (p, x, y) => {
      const t = field(x * scale, y * scale * stretch);
      const { rgb } = t < low ? base : t < high ? second : third;
      canvas.set(p, 0, gone?.(x, y) ? BARE : rgb, 1, gloss);
    };
  },
});

/** Parallel stripes of two to four colours. */
export const stripes = texture("stripes", {
  nouns: ["striped film", "awning", "striped ribbon", "deck chair", "barrier tape"],
  defects: ["misprint", "fold", "hole", "stain", "scratch", "discolouration", "contamination", "pull"],
  look: {
    base: colour(),
    second: contrasting,
    others: (random) => {
      const colours = Array.from({ length: random.below(3) }, () => anyColour(random).rgb);
      return { colours, widths: Array.from({ length: colours.length + 2 }, () => random.between(9, 36)) };
    },
    sway: sometimes(0.3, 4, 14),
  },
  design: ({ base, second }, random) => ({
    word: `${base.word} and ${second.word}`,
    inside: [0.8, 0.8, 0.78],
    orientation: chance(random, 0.5) ? "tilt" : "free",
  }),
  shader({ canvas, gone, seed, base, second, others: { colours, widths }, sway }) {
    const [bend, face] = [grain(seed), cloud(seed + 1)];
    const bands = [base.rgb, second.rgb, ...colours];
    const period = widths.reduce((a, b) => a + b);
    return (p, x, y) => {
      let t = modulo(x + (sway ? sway * bend(x * 0.01, y * 0.01) : 0), period);
      let i = 0;
      while (i < widths.length - 1 && t >= widths[i]) t -= widths[i++];
      const share = clamp(1 - (widths[i] - t) / canvas.unit);
      const light = 1 + 0.1 * face(x * 0.015, y * 0.015);
      if (gone?.(x, y)) canvas.set(p, 0, BARE, light, 0.03);
      else canvas.blend(p, 0, bands[i], bands[(i + 1) % bands.length], share, light, 0.03);
    };
  },
});

/** Waves of sand or water. */
export const ripples = texture("ripples", {
  nouns: ["rippled sand", "frosted glass", "hammered glass", "wave pattern"],
  defects: ["scratch", "crack", "stain", "contamination", "hole", "discolouration"],
  look: { base: colour(), pitch: [14, 40], stretch: [0.2, 1], tall: [1.5, 6], gloss: [0, 0.4] },
  design: () => ({ inside: 0.5, orientation: "free" }),
  shader({ canvas, seed, base, pitch, stretch, tall, gloss }) {
    const [one, two] = [grain(seed), grain(seed + 1)];
    const fine = 0.1 * seen(4, canvas.unit);
    return (p, x, y) => {
      const a = one(x / pitch, (y * stretch) / pitch);
      const b = two((x * 1.7) / pitch, (y * stretch * 1.7) / pitch);
      const h = a + 0.5 * b;
      canvas.set(p, tall * h, base.rgb, 1 + 0.12 * h + fine * b, gloss);
    };
  },
});
