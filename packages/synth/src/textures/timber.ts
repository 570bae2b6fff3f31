import { shade } from "../draw/colours.js";
import { fraction, norm, smoothstep } from "../draw/maths.js";
import { cloud, grain, seen } from "../draw/noise.js";
import { pick } from "../draw/random.js";
import { colour } from "./look.js";
import { MIDDLE, texture } from "./texture.js";

const early = colour("beige", "brown", "dark brown", "cream", "orange", "dark red", "grey");

/** Planks sawn along the grain. */
export const timber = texture("timber", {
  nouns: ["timber", "plank", "veneer", "oak board", "parquet", "plywood"],
  defects: ["scratch", "hole", "stain", "crack", "dent", "discolouration", "contamination"],
  words: { hole: ["a hole", "a knot hole", "a worm hole"] },
  look: {
    base: early,
    late: [0.4, 0.75],
    pitch: [14, 42],
    sway: [0.8, 3],
    pores: [0, 0.35],
    board: (random) => (random.below(2) ? random.between(50, 110) : 0),
  },
  design: (_, random) => ({ adjectives: [pick(random, ["grained", "planed"])], inside: 1.35 }),
  shader({ canvas, seed, base, late, pitch, sway, pores, board }) {
    const [slow, mid, fibre, pore] = [grain(seed), grain(seed + 1), grain(seed + 2), grain(seed + 3)];
    const fine = seen(4, canvas.unit);
    const wood = shade(base.rgb, late);
    return (p, x0, y) => {
      const i = board ? Math.floor(x0 / board) : 0;
      const x = x0 + i * 173;
      const drift = x / pitch + sway * slow(x * 0.006, y * 0.0022 + i * 9);
      const ring = fraction(drift + 0.3 * mid(x * 0.05, y * 0.006));
      const dark = ring * ring * (1 - smoothstep(0.84, 1, ring));
      const f = fibre(x * 0.4, y * 0.012);
      const q = pores ? pores * fine * smoothstep(0.35, 0.8, pore(x * 0.3, y * 0.02)) : 0;
      const gap = board && Math.abs(x0 - (i + 0.5) * board) > board / 2 - 1.4 ? 0.45 : 1;
      const light = (1 + 0.12 * f - q) * gap;
      canvas.blend(p, 0.3 * f - 2 * q - (gap < 1 ? 2 : 0), base.rgb, wood, 1.2 * dark, light, 0.03);
    };
  },
});

/** Trunks sawn across: rings about a centre in or near the picture. */
export const logEnd = texture("log-end", {
  nouns: ["tree slice", "log end", "cross-cut trunk"],
  defects: ["scratch", "crack", "hole", "stain", "discolouration", "contamination"],
  look: { base: early, late: [0.4, 0.7], pitch: [10, 22] },
  design: () => ({ inside: 0.4, orientation: "level" }),
  shader({ canvas, seed, random, base, late, pitch }) {
    const [bend, fine] = [cloud(seed), grain(seed + 1)];
    const [cx, cy] = [random.between(-60, 60), random.between(-60, 60)];
    const wood = shade(base.rgb, late);
    return (p, x, y) => {
      const r = norm(x - MIDDLE - cx, y - MIDDLE - cy);
      const ring = fraction((r + 14 * bend(x * 0.01, y * 0.01)) / pitch);
      const dark = ring * ring * (1 - smoothstep(0.8, 1, ring));
      canvas.blend(p, dark, base.rgb, wood, 1.2 * dark, 1 + 0.1 * fine(x / 5, y / 5), 0);
    };
  },
});
