import { anyColour, anyMetal, contrasting, shade } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep, wave } from "../draw/maths.js";
import { cloud, dice, grain, seen } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { texture } from "./texture.js";

/** Rolled or brushed sheets: hairlines and a broad reflection across them. */
export const brushed = texture({
  name: "brushed",
  nouns: ["sheet", "plate", "strip", "blade"],
  defects: ["scratch", "dent", "stain", "hole", "contamination", "discolouration", "crack"],
  words: { discolouration: ["heat marks", "a tarnished patch", "discolouration"] },
  material(random) {
    const alloy = anyMetal(random);
    const strength = random.between(0.06, 0.22);
    const pitch = random.between(3, 9);
    const length = random.between(40, 300);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [alloy.word, pick(random, ["brushed", "rolled", "polished"])],
      inside: shade(alloy.rgb, 1.35),
      orientation: chance(random, 0.5) ? "tilt" : "free",
      shader({ canvas, random: samples }) {
        const [one, two] = [grain(seed), grain(seed + 1)];
        const centre = samples.between(-160, 160);
        const width = samples.between(90, 200);
        const left = 0.5 + 0.5 * seen(pitch, canvas.unit);
        const middle = SHEET_MIDDLE;
        return (p, x, y) => {
          const line = left * one(x / length, y / pitch) + 0.7 * two((x * 2.3) / length, y / pitch / 2.4);
          const off = (modulo(x, 900) - middle - centre) / width;
          const shine = 1 / (1 + off * off);
          const light = 0.8 + 0.4 * shine + strength * line * (0.7 + 0.6 * shine);
          canvas.set(p, 0.3 * line, alloy.rgb, light, 0.04);
        };
      },
    };
  },
});
const SHEET_MIDDLE = 450;

/** Cast or sandblasted faces: bumps, pores and a dull shine. */
export const cast = texture({
  name: "cast",
  nouns: ["casting", "ingot", "forging", "housing"],
  defects: ["scratch", "crack", "hole", "dent", "stain", "contamination", "discolouration"],
  material(random) {
    const alloy = anyMetal(random);
    const pitch = random.between(6, 20);
    const bumps = random.between(1, 4);
    const pores = random.between(0.55, 0.9);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [alloy.word, pick(random, ["cast", "rough", "sandblasted"])],
      inside: shade(alloy.rgb, 1.3),
      orientation: "free",
      shader({ canvas }) {
        const [skin, pore, far] = [cloud(seed), grain(seed + 1), grain(seed + 2)];
        return (p, x, y) => {
          const b = skin(x / pitch / 3, y / pitch / 3);
          const q = smoothstep(pores, 1, pore(x / 9, y / 9));
          const light = (1 + 0.18 * b + 0.12 * far(x * 0.02, y * 0.02)) * (1 - 0.5 * q);
          canvas.set(p, bumps * b - 2.5 * q, alloy.rgb, light, 0.1);
        };
      },
    };
  },
});

/** Ribs and waves. */
export const corrugated = texture({
  name: "corrugated",
  nouns: ["corrugated board", "ribbed rubber", "corrugated roof", "shutter", "radiator"],
  defects: ["dent", "scratch", "hole", "stain", "contamination", "crack", "pull", "discolouration"],
  material(random) {
    const base = anyColour(random);
    const pitch = random.between(15, 42);
    const tall = pitch * random.between(0.12, 0.3);
    const sharp = random.between(0, 1);
    const sway = random.between(0, 1) < 0.3 ? random.between(0.3, 1.2) : 0;
    const gloss = random.between(0, 0.35);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [base.word],
      inside: shade(base.rgb, 0.35),
      orientation: "tilt",
      shader({ canvas }) {
        const [bend, face] = [grain(seed), cloud(seed + 1)];
        return (p, x, y) => {
          const t = x / pitch + (sway ? sway * bend(x * 0.006, y * 0.012) : 0);
          const w = wave(t);
          const flat = clamp(w * (1 + 2 * sharp), -1, 1);
          const f = face(x * 0.02, y * 0.02);
          const light = (0.85 + 0.15 * flat) * (1 + 0.14 * f);
          canvas.set(p, tall * flat + 0.4 * f, base.rgb, light, gloss);
        };
      },
    };
  },
});

/** Sheets with rows of holes, or printed with dots. */
export const perforated = texture({
  name: "perforated",
  nouns: ["perforated sheet", "grille", "sieve", "dotted foil"],
  defects: ["missing", "scratch", "stain", "dent", "contamination", "discolouration", "misprint"],
  words: { missing: ["missing holes", "a closed hole"] },
  material(random) {
    const sheet = chance(random, 0.5) ? anyMetal(random) : anyColour(random);
    const deep = chance(random, 0.6);
    const hole = deep ? ([0.05, 0.05, 0.06] as const) : contrasting(random, sheet.rgb).rgb;
    const pitch = random.between(18, 42);
    const radius = random.between(0.2, 0.38);
    const square = chance(random, 0.3);
    const offset = chance(random, 0.5) ? 0.5 : 0;
    const seed = random.below(2 ** 30);
    return {
      noun: deep
        ? pick(random, ["perforated sheet", "grille", "sieve"])
        : pick(random, ["dotted foil", "polka dot print"]),
      adjectives: [sheet.word],
      inside: shade(sheet.rgb, 1.2),
      orientation: "tilt",
      shader({ canvas, gone }) {
        const face = cloud(seed);
        const soft = canvas.unit / pitch;
        return (p, x, y) => {
          const v = y / pitch;
          const j = Math.floor(v);
          const u = x / pitch + offset * (j & 1);
          const i = Math.floor(u);
          const [a, b] = [Math.abs(u - i - 0.5), Math.abs(v - j - 0.5)];
          const d = (square ? Math.max(a, b) : Math.sqrt(a * a + b * b)) - radius;
          let open = clamp(0.5 - d / soft);
          if (gone?.((i + 0.5 - offset * (j & 1)) * pitch, (j + 0.5) * pitch)) open = 0;
          const light = 1 + 0.12 * face(x * 0.015, y * 0.015);
          canvas.blend(p, deep ? -5 * open : 0, sheet.rgb, hole, open, light, 0.06 * (1 - open));
        };
      },
    };
  },
});

/** Crossing bars or cords before a ground. */
export const netting = texture({
  name: "netting",
  nouns: ["netting", "wire cloth", "grid", "trellis", "screen"],
  defects: ["pull", "missing", "contamination", "stain", "discolouration"],
  words: { missing: ["a missing strand", "a broken wire", "a cut strand"] },
  material(random) {
    const cord = chance(random, 0.5) ? anyMetal(random) : anyColour(random);
    const ground = chance(random, 0.5) ? shade(cord.rgb, 0.2) : contrasting(random, cord.rgb).rgb;
    const [pitch, tall] = [random.between(20, 52), random.between(20, 52)];
    const thick = random.between(0.12, 0.25) * Math.min(pitch, tall);
    const diagonal = chance(random, 0.4);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [cord.word],
      inside: ground,
      orientation: "tilt",
      shader({ canvas, gone }) {
        const [sway, face, twist] = [grain(seed), cloud(seed + 1), dice(seed)];
        return (p, px, py) => {
          const [x, y] = diagonal ? [Math.SQRT1_2 * (px + py), Math.SQRT1_2 * (py - px)] : [px, py];
          const w = 1.5 * sway(x * 0.03, y * 0.03);
          const [u, v] = [x / pitch, y / tall];
          const [i, j] = [Math.floor(u), Math.floor(v)];
          const a = Math.abs((u - i - 0.5) * pitch + w);
          const b = Math.abs((v - j - 0.5) * tall - w);
          const lost = gone?.(px, py);
          const upright = lost ? 0 : clamp(0.5 + (thick - a) / canvas.unit);
          const level = clamp(0.5 + (thick - b) / canvas.unit);
          const on = Math.max(upright, level);
          const over = ((i + j) & 1) === 0;
          const useUpright = upright > 0 && (level === 0 || over);
          const t = (useUpright ? a : b) / thick;
          const round = clamp(1 - t * t);
          const tone = 1 + 0.1 * twist(useUpright ? i : j + 300);
          const light =
            on * (0.6 + 0.45 * round) * tone + (1 - on) * (0.9 + 0.25 * face(px * 0.02, py * 0.02));
          canvas.blend(p, on * (2 + thick * 0.6 * round), ground, cord.rgb, on, light, 0.15 * on * round);
        };
      },
    };
  },
});

/** Concentric marks of a lathe, or the rings of a disc, about a centre that lies in the picture. */
export const turned = texture({
  name: "turned",
  nouns: ["turned face", "record", "grinding disc", "disc brake"],
  defects: ["scratch", "dent", "stain", "crack", "contamination", "discolouration", "hole"],
  material(random) {
    const alloy = chance(random, 0.7) ? anyMetal(random) : anyColour(random);
    const pitch = random.between(5, 16);
    const strength = random.between(0.05, 0.2);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [alloy.word],
      inside: shade(alloy.rgb, 1.3),
      orientation: "level",
      shader({ canvas, random: samples }) {
        const [ring, slow] = [grain(seed), grain(seed + 1)];
        const [cx, cy] = [samples.between(-40, 40), samples.between(-40, 40)];
        const left = 0.4 + 0.6 * seen(pitch, canvas.unit);
        return (p, x, y) => {
          const [dx, dy] = [fraction(x / 4096) * 4096 - 2048 - cx, fraction(y / 4096) * 4096 - 2048 - cy];
          const r = Math.sqrt(dx * dx + dy * dy);
          const line = left * ring(r / pitch, 0.5) + 0.6 * slow(r / 22, 0.5);
          const fan = r > 0 ? (0.8 * dx + 0.6 * dy) / r : 0;
          const light = 0.8 + 0.35 * fan * fan * fan * fan + strength * line;
          canvas.set(p, 0.4 * line, alloy.rgb, light, 0.05);
        };
      },
    };
  },
});
