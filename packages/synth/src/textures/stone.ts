import { anyColour, contrasting, shade } from "../draw/colours.js";
import { smoothstep } from "../draw/maths.js";
import { cell, cloud, dice, grain, seen } from "../draw/noise.js";
import { pick } from "../draw/random.js";
import { texture } from "./texture.js";

/** Clouds of two colours crossed by veins. */
export const marble = texture({
  name: "marble",
  nouns: ["marble", "stone slab", "alabaster", "worktop"],
  defects: ["scratch", "crack", "hole", "stain", "contamination", "discolouration"],
  material(random) {
    const ground = anyColour(random);
    const vein = contrasting(random, ground.rgb);
    const scale = random.between(0.004, 0.014);
    const stretch = random.between(0.4, 1);
    const width = random.between(0.04, 0.14);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [ground.word, pick(random, ["veined", "polished"])],
      inside: shade(ground.rgb, 1.2),
      orientation: "free",
      shader({ canvas }) {
        const [one, two] = [cloud(seed), cloud(seed + 1)];
        return (p, x, y) => {
          const w = two(x * scale * 0.7, y * scale * 0.7);
          const c = one(x * scale + 0.4 * w, y * scale * stretch - 0.4 * w);
          const line = 1 - smoothstep(0, width, Math.abs(c));
          const light = 1 + 0.14 * w;
          canvas.blend(p, 0, ground.rgb, vein.rgb, 0.65 * line + 0.12 * (w + 0.5), light, 0.06);
        };
      },
    };
  },
});

/** Crystals of three colours. */
export const granite = texture({
  name: "granite",
  nouns: ["granite", "speckled stone", "countertop", "gneiss"],
  defects: ["scratch", "crack", "hole", "stain", "contamination", "discolouration"],
  material(random) {
    const first = anyColour(random, [
      "grey",
      "light grey",
      "pink",
      "beige",
      "dark grey",
      "brown",
      "white",
      "black",
      "dark green",
    ]);
    const colours = [first.rgb, anyColour(random).rgb, anyColour(random, ["white", "black", "grey"]).rgb];
    const shares = [random.between(0.4, 0.7), random.between(0.75, 0.95)];
    const size = random.between(7, 20);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [first.word],
      inside: shade(first.rgb, 1.25),
      orientation: "free",
      shader({ canvas }) {
        const wobble = grain(seed);
        const near = { nearest: 0, margin: 0, id: 0 };
        return (p, x, y) => {
          const w = 0.35 * wobble(x / size / 0.6, y / size / 0.6);
          cell(seed, x / size + w, y / size - w, near);
          const t = (near.id & 1023) / 1024;
          const colour = colours[t < shares[0] ? 0 : t < shares[1] ? 1 : 2];
          const light = 0.85 + (0.3 * ((near.id >>> 10) & 255)) / 255;
          canvas.set(p, 0, colour, light, 0.05);
        };
      },
    };
  },
});

/** Noise at all scales, from smooth clay to coarse asphalt. */
export const plaster = texture({
  name: "plaster",
  nouns: ["plaster", "asphalt", "clay", "stucco", "mortar", "sandpaper"],
  defects: ["scratch", "crack", "hole", "stain", "dent", "contamination", "discolouration"],
  material(random) {
    const base = anyColour(random);
    const [slow, middle, quick] = [
      random.between(0, 0.3),
      random.between(0, 0.25),
      random.between(0.05, 0.35),
    ];
    const pitch = random.between(4, 12);
    const bumps = random.between(0.5, 4);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [base.word, pick(random, ["rough", "grainy"])],
      inside: shade(base.rgb, 0.6),
      orientation: "free",
      shader({ canvas }) {
        const [far, mid, fine] = [cloud(seed), cloud(seed + 1), grain(seed + 2)];
        const left = 0.4 + 0.6 * seen(pitch, canvas.unit);
        return (p, x, y) => {
          const m = mid(x * 0.03, y * 0.03);
          const f = fine(x / pitch, y / pitch) * left;
          const light = 1 + slow * far(x * 0.006, y * 0.006) + middle * m + quick * f;
          canvas.set(p, bumps * (m + 0.4 * f), base.rgb, light, 0.01);
        };
      },
    };
  },
});

/** Loose rounded stones. */
export const gravel = texture({
  name: "gravel",
  nouns: ["gravel", "pebbles", "crushed rock", "pellets", "beads"],
  defects: ["stain", "contamination", "discolouration", "hole"],
  material(random) {
    const base = anyColour(random);
    const size = random.between(14, 38);
    const spread = random.between(0.1, 0.9);
    const other = contrasting(random, base.rgb);
    const mixed = random.below(2) ? random.between(0.1, 0.4) : 0;
    const gloss = random.between(0, 0.4);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [base.word, ...(gloss > 0.25 ? ["shiny"] : [])],
      inside: shade(base.rgb, 0.2),
      orientation: "free",
      shader({ canvas, random: samples }) {
        const near = { nearest: 0, margin: 0, id: 0 };
        const rough = cloud(seed);
        const pour = seed + samples.below(4096);
        return (p, x, y) => {
          cell(pour, x / size, y / size, near);
          const rim = smoothstep(0, 0.25, near.margin);
          const dome = 1 - near.nearest * near.nearest;
          const t = (near.id & 1023) / 1024;
          const colour = t < mixed ? other.rgb : base.rgb;
          const light =
            (0.25 + 0.75 * rim) *
            (1 + spread * (((near.id >>> 10) & 255) / 255 - 0.5)) *
            (1 + 0.2 * rough(x * 0.05, y * 0.05));
          canvas.set(p, size * 0.3 * dome * rim, colour, light, gloss * rim);
        };
      },
    };
  },
});

/** Polished chips of stone of several sizes in a smooth ground. */
export const terrazzo = texture({
  name: "terrazzo",
  nouns: ["terrazzo", "chipstone"],
  heldOut: true,
  defects: ["scratch", "crack", "hole", "stain", "contamination", "discolouration"],
  material(random) {
    const ground = anyColour(random);
    const chips = [contrasting(random, ground.rgb), contrasting(random, ground.rgb), anyColour(random)];
    const size = random.between(20, 40);
    const fill = random.between(0.28, 0.42);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [ground.word, "polished"],
      inside: shade(ground.rgb, 0.7),
      orientation: "free",
      shader({ canvas }) {
        const near = { nearest: 0, margin: 0, id: 0 };
        const [edge, dust, tone] = [grain(seed), cloud(seed + 1), dice(seed)];
        return (p, x, y) => {
          cell(seed, x / size, y / size, near);
          const radius = fill * (0.5 + ((near.id >>> 12) & 255) / 255);
          const ragged = near.nearest + 0.12 * edge(x * 0.12, y * 0.12);
          const chip = smoothstep(radius, radius - canvas.unit / size, ragged);
          const colour = chips[near.id % 3].rgb;
          const light = 1 + 0.1 * dust(x * 0.03, y * 0.03) + 0.1 * chip * tone(near.id & 255);
          canvas.blend(p, 0, ground.rgb, colour, chip, light, 0.06);
        };
      },
    };
  },
});
