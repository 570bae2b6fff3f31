import { anyColour, shade } from "../draw/colours.js";
import { fraction, smoothstep } from "../draw/maths.js";
import { cloud, grain, seen } from "../draw/noise.js";
import { pick } from "../draw/random.js";
import { texture } from "./texture.js";

const TONES = ["beige", "brown", "dark brown", "cream", "orange", "dark red", "grey"];

/** Planks sawn along the grain. */
export const timber = texture({
  name: "timber",
  nouns: ["timber", "plank", "veneer", "oak board", "parquet", "plywood"],
  defects: ["scratch", "hole", "stain", "crack", "dent", "discolouration", "contamination"],
  words: { hole: ["a hole", "a knot hole", "a worm hole"] },
  material(random) {
    const early = anyColour(random, TONES);
    const late = shade(early.rgb, random.between(0.4, 0.75));
    const pitch = random.between(14, 42);
    const sway = random.between(0.8, 3);
    const pores = random.between(0, 0.35);
    const board = random.below(2) ? random.between(50, 110) : 0;
    const seed = random.below(2 ** 30);
    return {
      adjectives: [early.word, pick(random, ["grained", "planed"])],
      inside: shade(early.rgb, 1.35),
      orientation: "tilt",
      shader({ canvas }) {
        const [slow, mid, fibre, pore] = [grain(seed), grain(seed + 1), grain(seed + 2), grain(seed + 3)];
        const fine = seen(4, canvas.unit);
        return (p, x0, y) => {
          const i = board ? Math.floor(x0 / board) : 0;
          const x = x0 + i * 173;
          const ring = fraction(
            x / pitch + sway * slow(x * 0.006, y * 0.0022 + i * 9) + 0.3 * mid(x * 0.05, y * 0.006),
          );
          const dark = ring * ring * (1 - smoothstep(0.84, 1, ring));
          const f = fibre(x * 0.4, y * 0.012);
          const q = pores ? pores * fine * smoothstep(0.35, 0.8, pore(x * 0.3, y * 0.02)) : 0;
          const gap = board && Math.abs(x0 - (i + 0.5) * board) > board / 2 - 1.4 ? 0.45 : 1;
          const light = (1 + 0.12 * f - q) * gap;
          canvas.blend(p, 0.3 * f - 2 * q - (gap < 1 ? 2 : 0), early.rgb, late, 1.2 * dark, light, 0.03);
        };
      },
    };
  },
});

/** Trunks sawn across: rings about a centre in or near the picture. */
export const logEnd = texture({
  name: "log-end",
  nouns: ["tree slice", "log end", "cross-cut trunk"],
  defects: ["scratch", "crack", "hole", "stain", "discolouration", "contamination"],
  material(random) {
    const early = anyColour(random, TONES);
    const late = shade(early.rgb, random.between(0.4, 0.7));
    const pitch = random.between(10, 22);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [early.word],
      inside: shade(early.rgb, 0.4),
      orientation: "level",
      shader({ canvas, random: samples }) {
        const [bend, fine] = [cloud(seed), grain(seed + 1)];
        const [cx, cy] = [samples.between(-60, 60), samples.between(-60, 60)];
        return (p, x, y) => {
          const [dx, dy] = [fraction(x / 4096) * 4096 - 2048 - cx, fraction(y / 4096) * 4096 - 2048 - cy];
          const r0 = Math.sqrt(dx * dx + dy * dy);
          const ring = fraction((r0 + 14 * bend(x * 0.01, y * 0.01)) / pitch);
          const dark = ring * ring * (1 - smoothstep(0.8, 1, ring));
          const light = 1 + 0.1 * fine(x / 5, y / 5);
          canvas.blend(p, dark, early.rgb, late, 1.2 * dark, light, 0);
        };
      },
    };
  },
});
