import { anyMetal, contrasting } from "../draw/colours.js";
import { clamp, modulo, norm, smoothstep, wave } from "../draw/maths.js";
import { cloud, dice, grain, seen, tileAt } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { colour, metalOrColour, odds, shadeOrContrast, sometimes } from "./look.js";
import { MIDDLE, texture } from "./texture.js";

/** Rolled or brushed sheets: hairlines and a broad reflection across them. */
export const brushed = texture("brushed", {
  nouns: ["sheet", "plate", "strip", "blade"],
  defects: ["scratch", "dent", "stain", "hole", "contamination", "discolouration", "crack"],
  words: { discolouration: ["heat marks", "a tarnished patch", "discolouration"] },
  look: { base: anyMetal, strength: [0.06, 0.22], pitch: [3, 9], length: [40, 300] },
  design: (_, random) => ({
    adjectives: [pick(random, ["brushed", "rolled", "polished"])],
    inside: 1.35,
    orientation: chance(random, 0.5) ? "tilt" : "free",
  }),
  shader({ canvas, seed, random, base, strength, pitch, length }) {
    const [one, two] = [grain(seed), grain(seed + 1)];
    const [centre, width] = [random.between(-160, 160), random.between(90, 200)];
    const left = 0.5 + 0.5 * seen(pitch, canvas.unit);
    return (p, x, y) => {
      const line = left * one(x / length, y / pitch) + 0.7 * two((x * 2.3) / length, y / pitch / 2.4);
      // The reflection recurs every 900 units.
      const off = (modulo(x, 900) - 450 - centre) / width;
      const shine = 1 / (1 + off * off);
      const light = 0.8 + 0.4 * shine + strength * line * (0.7 + 0.6 * shine);
      canvas.set(p, 0.3 * line, base.rgb, light, 0.04);
    };
  },
});

/** Cast or sandblasted faces: bumps, pores and a dull shine. */
export const cast = texture("cast", {
  nouns: ["casting", "ingot", "forging", "housing"],
  defects: ["scratch", "crack", "hole", "dent", "stain", "contamination", "discolouration"],
  look: { base: anyMetal, pitch: [6, 20], bumps: [1, 4], pores: [0.55, 0.9] },
  design: (_, random) => ({
    adjectives: [pick(random, ["cast", "rough", "sandblasted"])],
    inside: 1.3,
    orientation: "free",
  }),
  shader({ canvas, seed, base, pitch, bumps, pores }) {
    const [skin, pore, far] = [cloud(seed), grain(seed + 1), grain(seed + 2)];
    return (p, x, y) => {
      const b = skin(x / pitch / 3, y / pitch / 3);
      const q = smoothstep(pores, 1, pore(x / 9, y / 9));
      const light = (1 + 0.18 * b + 0.12 * far(x * 0.02, y * 0.02)) * (1 - 0.5 * q);
      canvas.set(p, bumps * b - 2.5 * q, base.rgb, light, 0.1);
    };
  },
});

/** Ribs and waves. */
export const corrugated = texture("corrugated", {
  nouns: ["corrugated board", "ribbed rubber", "corrugated roof", "shutter", "radiator"],
  defects: ["dent", "scratch", "hole", "stain", "contamination", "crack", "pull", "discolouration"],
  look: {
    base: colour(),
    pitch: [15, 42],
    tall: [0.12, 0.3],
    sharp: [0, 1],
    sway: sometimes(0.3, 0.3, 1.2),
    gloss: [0, 0.35],
  },
  design: () => ({ inside: 0.35 }),
  shader({ canvas, seed, base, pitch, tall, sharp, sway, gloss }) {
    const [bend, face] = [grain(seed), cloud(seed + 1)];
    return (p, x, y) => {
      const t = x / pitch + (sway ? sway * bend(x * 0.006, y * 0.012) : 0);
      const flat = clamp(wave(t) * (1 + 2 * sharp), -1, 1);
      const f = face(x * 0.02, y * 0.02);
      canvas.set(p, pitch * tall * flat + 0.4 * f, base.rgb, (0.85 + 0.15 * flat) * (1 + 0.14 * f), gloss);
    };
  },
});

/** Sheets with rows of holes, or printed with dots. */
export const perforated = texture("perforated", {
  nouns: ["perforated sheet", "grille", "sieve", "dotted foil"],
  defects: ["missing", "scratch", "stain", "dent", "contamination", "discolouration", "misprint"],
  words: { missing: ["missing holes", "a closed hole"] },
  look: {
    base: metalOrColour(0.5),
    dot: (random, base) => (chance(random, 0.6) ? null : contrasting(random, base)),
    pitch: [18, 42],
    radius: [0.2, 0.38],
    square: odds(0.3),
    staggered: odds(0.5),
  },
  design: ({ dot }, random) => ({
    noun: pick(random, dot ? ["dotted foil", "polka dot print"] : ["perforated sheet", "grille", "sieve"]),
    inside: 1.2,
  }),
  shader({ canvas, gone, seed, base, dot, pitch, radius, square, staggered }) {
    const face = cloud(seed);
    const soft = canvas.unit / pitch;
    const [hole, depth] = dot ? [dot.rgb, 0] : [[0.05, 0.05, 0.06] as const, 5];
    return (p, x, y) => {
      const { a, b, u, v } = tileAt(x / pitch, y / pitch, staggered ? 0.5 : 0);
      const d = (square ? Math.max(Math.abs(a), Math.abs(b)) : norm(a, b)) - radius;
      const open = gone?.(u * pitch, v * pitch) ? 0 : clamp(0.5 - d / soft);
      const light = 1 + 0.12 * face(x * 0.015, y * 0.015);
      canvas.blend(p, -depth * open, base.rgb, hole, open, light, 0.06 * (1 - open));
    };
  },
});

/** Crossing bars or cords before a ground. */
export const netting = texture("netting", {
  nouns: ["netting", "wire cloth", "grid", "trellis", "screen"],
  defects: ["pull", "missing", "contamination", "stain", "discolouration"],
  words: { missing: ["a missing strand", "a broken wire", "a cut strand"] },
  look: {
    base: metalOrColour(0.5),
    ground: shadeOrContrast(0.5, 0.2),
    pitch: [20, 52],
    tall: [20, 52],
    thickness: [0.12, 0.25],
    diagonal: odds(0.4),
  },
  design: ({ ground }) => ({ inside: ground.rgb }),
  shader({ canvas, gone, seed, base, ground, pitch, tall, thickness, diagonal }) {
    const [sway, face, twist] = [grain(seed), cloud(seed + 1), dice(seed)];
    const thick = thickness * Math.min(pitch, tall);
    return (p, px, py) => {
      const [x, y] = diagonal ? [Math.SQRT1_2 * (px + py), Math.SQRT1_2 * (py - px)] : [px, py];
      const w = 1.5 * sway(x * 0.03, y * 0.03);
      const { i, j, a, b } = tileAt(x / pitch, y / tall);
      const [right, down] = [Math.abs(a * pitch + w), Math.abs(b * tall - w)];
      const upright = gone?.(px, py) ? 0 : clamp(0.5 + (thick - right) / canvas.unit);
      const level = clamp(0.5 + (thick - down) / canvas.unit);
      const on = Math.max(upright, level);
      const isUpright = upright > 0 && (level === 0 || ((i + j) & 1) === 0);
      const t = (isUpright ? right : down) / thick;
      const round = clamp(1 - t * t);
      const cord = on * (0.6 + 0.45 * round) * (1 + 0.1 * twist(isUpright ? i : j + 300));
      const light = cord + (1 - on) * (0.9 + 0.25 * face(px * 0.02, py * 0.02));
      canvas.blend(p, on * (2 + thick * 0.6 * round), ground.rgb, base.rgb, on, light, 0.15 * on * round);
    };
  },
});

/** Concentric marks of a lathe, or the rings of a disc, about a centre that lies in the picture. */
export const turned = texture("turned", {
  nouns: ["turned face", "record", "grinding disc", "disc brake"],
  defects: ["scratch", "dent", "stain", "crack", "contamination", "discolouration", "hole"],
  look: { base: metalOrColour(0.7), pitch: [5, 16], strength: [0.05, 0.2] },
  design: () => ({ inside: 1.3, orientation: "level" }),
  shader({ canvas, seed, random, base, pitch, strength }) {
    const [ring, slow] = [grain(seed), grain(seed + 1)];
    const [cx, cy] = [random.between(-40, 40), random.between(-40, 40)];
    const left = 0.4 + 0.6 * seen(pitch, canvas.unit);
    return (p, x, y) => {
      const [dx, dy] = [x - MIDDLE - cx, y - MIDDLE - cy];
      const r = norm(dx, dy);
      const line = left * ring(r / pitch, 0.5) + 0.6 * slow(r / 22, 0.5);
      const fan = r > 0 ? (0.8 * dx + 0.6 * dy) / r : 0;
      canvas.set(p, 0.4 * line, base.rgb, 0.8 + 0.35 * fan * fan * fan * fan + strength * line, 0.05);
    };
  },
});
