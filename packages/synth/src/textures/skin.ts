import { anyColour, contrasting, mix, shade } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep } from "../draw/maths.js";
import { cell, cloud, grain, seen } from "../draw/noise.js";
import { chance } from "../draw/random.js";
import { texture } from "./texture.js";

/** Pebbles between creases, as on hides. */
export const hide = texture({
  name: "hide",
  nouns: ["hide", "vinyl", "upholstery", "pebbled skin", "dried mud"],
  defects: ["scratch", "hole", "stain", "dent", "contamination", "fold", "discolouration", "crack"],
  material(random) {
    const dye = anyColour(random);
    const size = random.between(11, 30);
    const groove = random.between(0.12, 0.4);
    const bumps = random.between(0.8, 3);
    const spread = random.between(0, 0.3);
    const wobble = random.between(0.1, 0.7);
    const gloss = random.between(0.02, 0.2);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [dye.word],
      inside: mix(dye.rgb, [0.8, 0.65, 0.5], 0.6),
      orientation: "free",
      shader({ canvas }) {
        const [bend, far] = [grain(seed), cloud(seed + 1)];
        const near = { nearest: 0, margin: 0, id: 0 };
        return (p, x, y) => {
          const w = wobble * bend(x / size / 2, y / size / 2);
          cell(seed, x / size + w, y / size - w, near);
          const pebble = smoothstep(0, groove, near.margin);
          const f = far(x * 0.01, y * 0.01);
          const light = (0.72 + 0.28 * pebble) * (1 + spread * ((near.id & 255) / 255 - 0.5) + 0.16 * f);
          canvas.set(
            p,
            bumps * (pebble - 0.6 * near.nearest * near.nearest) + 3 * f,
            dye.rgb,
            light,
            gloss * pebble,
          );
        };
      },
    };
  },
});

/** Almost even sheets: paper, card, and skin-like surfaces. */
export const paper = texture({
  name: "paper",
  nouns: ["paper", "cardboard", "parchment", "wallpaper", "card"],
  defects: ["fold", "stain", "hole", "scratch", "contamination", "discolouration", "crack"],
  words: { crack: ["a tear", "a rip"], scratch: ["a scratch", "a pen stroke"] },
  material(random) {
    const pulp = anyColour(
      random,
      chance(random, 0.6) ? ["white", "cream", "beige", "light grey", "brown"] : undefined,
    );
    const tooth = random.between(0.01, 0.07);
    const fleck = chance(random, 0.4) ? random.between(0.1, 0.3) : 0;
    const pitch = random.between(4, 10);
    const laid = chance(random, 0.3) ? random.between(9, 20) : 0;
    const seed = random.below(2 ** 30);
    return {
      adjectives: [pulp.word, ...(laid ? ["laid"] : [])],
      inside: [0.2, 0.19, 0.18],
      orientation: "tilt",
      shader({ canvas }) {
        const [fine, far, spot] = [grain(seed), cloud(seed + 1), grain(seed + 2)];
        return (p, x, y) => {
          const f = fine(x / pitch, y / pitch);
          let light = 1 + tooth * f + 0.05 * far(x * 0.008, y * 0.008);
          if (laid) light += 0.03 * (1 - 4 * Math.abs(fraction(x / laid) - 0.5));
          if (fleck) light -= fleck * smoothstep(0.7, 0.9, spot(x / 6, y / 14));
          canvas.set(p, 6 * tooth * f, pulp.rgb, light, 0.01);
        };
      },
    };
  },
});

/** Foam with pores of all sizes. */
export const sponge = texture({
  name: "sponge",
  nouns: ["sponge", "foam", "bread", "pumice", "cork"],
  defects: ["hole", "stain", "contamination", "discolouration", "crack", "dent"],
  material(random) {
    const body = anyColour(random);
    const size = random.between(14, 34);
    const pores = random.between(0.25, 0.5);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [body.word, "porous"],
      inside: shade(body.rgb, 0.3),
      orientation: "free",
      shader({ canvas }) {
        const near = { nearest: 0, margin: 0, id: 0 };
        const [fine, far] = [grain(seed), cloud(seed + 1)];
        return (p, x, y) => {
          cell(seed, x / size, y / size, near);
          const radius = pores * (0.35 + (0.9 * ((near.id >>> 9) & 255)) / 255);
          const pore = smoothstep(radius, radius * 0.55, near.nearest);
          const f = fine(x / 7, y / 7);
          const light = (1 - 0.55 * pore) * (1 + 0.12 * f + 0.15 * far(x * 0.012, y * 0.012));
          canvas.set(p, -5 * pore + 0.8 * f, body.rgb, light, 0);
        };
      },
    };
  },
});

/** The colour below a missing print. */
const BARE = [0.86, 0.86, 0.85] as const;

/** Blotches of a few flat colours. */
export const camouflage = texture({
  name: "camouflage",
  nouns: ["camouflage", "printed foil", "batik", "patterned wrap"],
  defects: ["misprint", "fold", "hole", "stain", "scratch", "discolouration", "contamination"],
  material(random) {
    const first = anyColour(random);
    const colours = [first.rgb, contrasting(random, first.rgb).rgb, anyColour(random).rgb];
    const scale = random.between(0.01, 0.03);
    const stretch = random.between(0.5, 1.6);
    const levels = [random.between(-0.25, 0), random.between(0.1, 0.4)];
    const seed = random.below(2 ** 30);
    return {
      adjectives: [first.word],
      inside: [0.85, 0.85, 0.84],
      shader({ canvas, random: samples, gone }) {
        const field = cloud(seed);
        const gloss = samples.between(0, 0.06);
        return (p, x, y) => {
          const t = field(x * scale, y * scale * stretch);
          const lost = gone?.(x, y);
          const colour = lost ? BARE : colours[t < levels[0] ? 0 : t < levels[1] ? 1 : 2];
          canvas.set(p, 0, colour, 1, gloss);
        };
      },
    };
  },
});

/** Parallel stripes of two to four colours. */
export const stripes = texture({
  name: "stripes",
  nouns: ["striped film", "awning", "striped ribbon", "deck chair", "barrier tape"],
  defects: ["misprint", "fold", "hole", "stain", "scratch", "discolouration", "contamination", "pull"],
  material(random) {
    const first = anyColour(random);
    const second = contrasting(random, first.rgb);
    const bands = [
      first.rgb,
      second.rgb,
      ...Array.from({ length: random.below(3) }, () => anyColour(random).rgb),
    ];
    const widths = bands.map(() => random.between(9, 36));
    const period = widths.reduce((a, b) => a + b);
    const sway = chance(random, 0.3) ? random.between(4, 14) : 0;
    const seed = random.below(2 ** 30);
    return {
      adjectives: [`${first.word} and ${second.word}`],
      inside: [0.8, 0.8, 0.78],
      orientation: chance(random, 0.5) ? "tilt" : "free",
      shader({ canvas, gone }) {
        const [bend, face] = [grain(seed), cloud(seed + 1)];
        const soft = canvas.unit;
        return (p, x, y) => {
          let t = modulo(x + (sway ? sway * bend(x * 0.01, y * 0.01) : 0), period);
          let i = 0;
          while (i < widths.length - 1 && t >= widths[i]) t -= widths[i++];
          const next = bands[(i + 1) % bands.length];
          const share = clamp(1 - (widths[i] - t) / soft);
          const light = 1 + 0.1 * face(x * 0.015, y * 0.015);
          if (gone?.(x, y)) canvas.set(p, 0, BARE, light, 0.03);
          else canvas.blend(p, 0, bands[i], next, share, light, 0.03);
        };
      },
    };
  },
});

/** Waves of sand or water. */
export const ripples = texture({
  name: "ripples",
  nouns: ["rippled sand", "frosted glass", "hammered glass", "wave pattern"],
  defects: ["scratch", "crack", "stain", "contamination", "hole", "discolouration"],
  material(random) {
    const base = anyColour(random);
    const pitch = random.between(14, 40);
    const stretch = random.between(0.2, 1);
    const tall = random.between(1.5, 6);
    const gloss = random.between(0, 0.4);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [base.word],
      inside: shade(base.rgb, 0.5),
      orientation: "free",
      shader({ canvas }) {
        const [one, two] = [grain(seed), grain(seed + 1)];
        const fine = 0.1 * seen(4, canvas.unit);
        return (p, x, y) => {
          const a = one(x / pitch, (y * stretch) / pitch);
          const b = two((x * 1.7) / pitch, (y * stretch * 1.7) / pitch);
          const h = a + 0.5 * b;
          const light = 1 + 0.12 * h + fine * b;
          canvas.set(p, tall * h, base.rgb, light, gloss);
        };
      },
    };
  },
});
