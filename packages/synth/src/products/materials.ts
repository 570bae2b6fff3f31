import type { Rgb } from "../draw/canvas.js";
import { clamp, fraction, halfTurn, modulo, norm, type Point, smoothstep, wave } from "../draw/maths.js";
import { cells, fractal, noise, tileAt } from "../draw/noise.js";
import { unit } from "../draw/random.js";
import type { Cut, Shader } from "../textures/texture.js";
import type { SurfaceDefect } from "./defects.js";

/** Defects of the weave. */
type WeaveDefect = "misweave" | "pull";

export interface Material {
  readonly defects: readonly (SurfaceDefect | WeaveDefect)[];
  /** The colour below the surface. */
  readonly inside: Rgb;
  /** The largest rotation of a piece that is cut anywhere, as the tangent of half the angle. A piece without lies in the middle. */
  readonly tilt?: number;
  /** Nearest and farthest distance of a defect from the centre of the picture. Default 0 to 75. */
  readonly ring?: Point;
  shader(cut: Cut): Shader;
}

/** Cast concrete: cloudy gray, sand, and the pits that air leaves. */
export const concrete: Material = {
  defects: ["crack", "hole", "stain", "scratch"],
  inside: [0.66, 0.65, 0.62],
  tilt: 0.4,
  shader({ canvas, seed }) {
    const pits = cells(seed + 7);
    return (p, x, y) => {
      const cloud = fractal(seed, x * 0.011, y * 0.011, 5);
      const sand = noise(seed + 5, x * 0.55, y * 0.55) + 0.9 * noise(seed + 6, x * 1.3, y * 1.3);
      const lime = fractal(seed + 9, x * 0.07, y * 0.07, 4);
      const { nearest, id } = pits(x * 0.055, y * 0.055);
      // One point in seven is a pit, of 0.6 to 3 units.
      const radius = (id & 7) === 0 ? 0.035 + 0.13 * unit(id, 1) * unit(id, 2) : 0;
      const ragged = nearest + 0.02 * noise(seed + 8, x * 0.5, y * 0.5);
      const hole = radius > 0 ? smoothstep(radius, radius * 0.55, ragged) : 0;
      const tone = (0.56 + 0.17 * cloud + 0.13 * lime + 0.05 * sand) * (1 - 0.5 * hole);
      canvas.set(p, 0.16 * sand + 1.2 * cloud + 0.6 * lime - 3 * hole, [1.01, 1, 0.965], tone, 0);
    };
  },
};

/** Denim: a 2/1 twill of indigo warp over pale weft. */
export const fabric: Material = {
  defects: ["misweave", "pull", "hole", "stain", "contamination"],
  inside: [0.66, 0.67, 0.68],
  tilt: 0.02,
  shader({ canvas, seed, random, gone }) {
    const pitch = 6.4;
    const fade = random.between(0.96, 1.04);
    const wear = random.below(2 ** 30);
    return (p, x, y, px, py) => {
      const sway = 0.22 * noise(seed, x * 0.02, y * 0.02);
      const [u, v] = [x / pitch + sway, y / pitch + 0.22 * noise(seed + 1, x * 0.02, y * 0.02)];
      const [i, j] = [Math.floor(u), Math.floor(v)];
      const [a, b] = [2 * (u - i) - 1, 2 * (v - j) - 1];
      // Warp i passes over two wefts and under one, shifted by one weft for each warp.
      const along = modulo(v + i, 3);
      const over = Math.min(Math.abs(along - 2), 3 - Math.abs(along - 2));
      let warp = 0.62 * (1 - a * a) + 0.5 * (1 - over * over);
      let weft = 0.62 * (1 - b * b) + (modulo(i + j, 3) === 0 ? 0.62 * (1 - a * a) : -0.4);
      if (gone?.(px, py)) [warp, weft] = [-9, Math.max(weft, 0.62 * (1 - b * b) - 0.1)];
      const isWarp = warp > weft;
      const fibre = isWarp ? noise(seed + 2, x * 1.1, y * 0.32) : noise(seed + 3, x * 0.32, y * 1.1);
      const twist = isWarp ? wave(v * 2.2 + a * 0.5) : wave(u * 2.2 + b * 0.5);
      const tall = 1.7 * Math.max(warp, weft) + 0.1 * twist + 0.18 * fibre;
      const yarn = isWarp ? 0.16 * (unit(seed, i) - 0.5) : 0.12 * (unit(seed + 7, j) - 0.5);
      const worn = 0.07 * fractal(wear, px * 0.012, py * 0.012, 3);
      const bleach = 0.1 * smoothstep(0.75, 1.12, warp);
      const indigo = [0.2 + bleach, 0.285 + bleach, 0.455 + bleach] as const;
      canvas.set(p, tall, isWarp ? indigo : [0.62, 0.64, 0.65], fade * (1 + yarn + 0.16 * fibre + worn), 0);
    };
  },
};

/** Leather: pebbles of two sizes between fine creases, over slow folds. */
export const leather: Material = {
  defects: ["scratch", "hole", "stain", "dent", "contamination"],
  inside: [0.8, 0.62, 0.48],
  tilt: 0.3,
  shader({ canvas, seed, random }) {
    const dye = random.below(2 ** 30);
    const [pebbles, grains] = [cells(seed + 2), cells(seed + 3)];
    return (p, x, y, px, py) => {
      const [wx, wy] = [noise(seed, x * 0.06, y * 0.06), noise(seed + 1, x * 0.06, y * 0.06)];
      const { nearest, margin, id } = pebbles(x * 0.115 + 0.5 * wx, y * 0.115 + 0.5 * wy);
      const pebble = smoothstep(0, 0.34, margin);
      const grain = smoothstep(0, 0.4, grains(x * 0.24 + 0.35 * wy, y * 0.24 + 0.35 * wx).margin);
      const dome = 1 - nearest * nearest;
      const fold = fractal(seed + 4, x * 0.012, y * 0.02, 2);
      const tall = 1.15 * pebble + 0.5 * dome + 0.36 * grain + 5 * fold;
      const tint = 1 + 0.06 * ((id & 255) / 255 - 0.5) + 0.13 * fractal(dye, px * 0.01, py * 0.01, 3);
      const tone = (0.8 + 0.14 * pebble + 0.06 * grain) * tint;
      canvas.set(p, tall, [0.47, 0.29, 0.195], tone, 0.05 + 0.07 * pebble);
    };
  },
};

/** Woven wire: round wires over and under each other before a dark ground. */
export const mesh: Material = {
  defects: ["pull", "misweave", "contamination", "stain"],
  inside: [0.3, 0.3, 0.3],
  tilt: 0.015,
  shader({ canvas, seed, gone }) {
    const [pitch, radius] = [17, 3.5];
    return (p, x, y, px, py) => {
      const missing = gone?.(px, py);
      const tile = tileAt(x / pitch, y / pitch);
      // Wires deviate slightly from their lines, by the same amount in every sample.
      const a = tile.a * pitch + 0.8 * noise(seed + tile.i, 0.5, y * 0.02);
      const b = tile.b * pitch + 0.8 * noise(seed + 999 + tile.j, x * 0.02, 0.5);
      // Height of the wires' axes: up where one passes over, level halfway between crossings.
      const lift = modulo(tile.i + tile.j, 2) === 0 ? 2.4 : -2.4;
      const upright = missing ? -9 : halfRound(a, radius) + lift * crest(b / pitch);
      const level = halfRound(b, radius) - lift * crest(a / pitch);
      const isUpright = upright > level;
      const top = Math.max(upright, level);
      const far = missing ? Math.abs(b) : Math.min(Math.abs(a), Math.abs(b));
      const cover = smoothstep(radius + 0.4, radius - 0.6, far);
      const brushed = isUpright ? noise(seed + 5, x * 1.4, y * 0.12) : noise(seed + 6, x * 0.12, y * 1.4);
      const shade = smoothstep(-1, 5, top);
      const wire = (0.44 + 0.16 * shade) * (1 + 0.1 * brushed);
      const ground = 0.075 + 0.02 * fractal(seed + 8, x * 0.05, y * 0.05, 3);
      const tone = ground + (wire - ground) * cover;
      const tall = cover > 0 ? Math.max(top, -2) * cover - 2 * (1 - cover) : -2;
      canvas.paint(p, tall, 0.99 * tone, tone, 1.02 * tone + 0.006 * (1 - cover), 0.4 * cover * shade);
    };
  },
};

/** The upper half of a round wire, steep sides cut off. */
function halfRound(distance: number, radius: number): number {
  const t = 1 - (distance * distance) / (radius * radius);
  return t > 0 ? radius * Math.sqrt(t) * 0.8 : -9;
}

/** 1 at a crossing and 0 half a pitch away. */
function crest(t: number): number {
  return 1 - smoothstep(0, 0.5, Math.abs(t));
}

/** Brushed steel: long hairlines, and a broad reflection across them. */
export const metal: Material = {
  defects: ["scratch", "dent", "stain", "hole", "contamination"],
  inside: [0.85, 0.86, 0.88],
  tilt: 0.012,
  shader({ canvas, seed, random }) {
    const [centre, width] = [random.between(70, 150), random.between(95, 125)];
    return (p, x, y, px) => {
      const line =
        0.5 * noise(seed, x * 0.004, y * 0.55) +
        0.6 * noise(seed + 1, x * 0.011, y * 1.35) +
        0.5 * noise(seed + 2, x * 0.035, y * 1.9);
      const speck = noise(seed + 3, x * 0.3, y * 1.7);
      const offset = (px - centre + 6 * noise(seed + 4, 0.5, y * 0.05)) / width;
      const shine = 1 / (1 + offset * offset * 2.2);
      const tone = 0.37 + 0.27 * shine + (0.075 + 0.05 * shine) * line + 0.025 * speck;
      canvas.set(p, 0.14 * line + 0.06 * speck, [0.985, 1, 1.025], tone, 0.04);
    };
  },
};

/** A hexagon nut from above, turned face and threads, on a dark rubber belt. */
export const nut: Material = {
  defects: ["scratch", "dent", "crack", "stain", "contamination"],
  inside: [0.8, 0.8, 0.8],
  ring: [50, 68],
  shader({ canvas, seed, random }) {
    const [c, s] = halfTurn(random.between(-0.07, 0.07));
    const [ox, oy] = [120 + random.between(-5, 5), 120 + random.between(-5, 5)];
    const belt = random.below(2 ** 20);
    return (p, _x, _y, px, py) => {
      const [rx, ry] = [px - ox, py - oy];
      const [x, y] = [c * rx + s * ry, c * ry - s * rx];
      const r = norm(x, y);
      const edge = hexagon(x, y) - 78;
      const bore = 37 - r;
      const solid = clamp(0.5 - Math.max(edge, bore - 6));

      const rubber = fractal(seed, px * 0.35 + belt, py * 0.35, 3);
      const shadow = 1 - 0.55 * smoothstep(10, -4, hexagon(x - 5, y - 6) - 76);
      const ground = (0.15 + 0.035 * rubber) * shadow * (r < 40 ? 0.35 : 1);

      // The corners are turned down to a cone; the bore has a lead-in and rings of thread.
      const cone = Math.max(0, r - 76) * 0.55 + Math.max(0, edge + 2.2) * 1.2;
      const lead = Math.max(0, bore + 6) * 0.75;
      const thread = bore > 0 ? 1.1 * wave(r * 0.3) : 0;
      const lathe = noise(seed + 1, r * 1.25, 0.5) + 0.6 * noise(seed + 2, r * 2.3, 0.5 + 0.01 * x);
      const cast = fractal(seed + 3, x * 0.08, y * 0.08, 3);
      const tall = solid * (14 - cone - lead + thread + 0.1 * lathe) + (1 - solid) * 0.25 * rubber;
      // Rings from a lathe reflect a lamp as two opposite fans.
      const fan = r > 0 ? (0.67 * rx + 0.74 * ry) / r : 0;
      const shine = 0.2 * fan * fan * fan * fan * (bore < -6 ? 1 : 0.3);
      const steel = (bore > 0 ? 0.3 : 0.5) + shine + 0.055 * lathe + 0.07 * cast;
      const tone = ground + (steel - ground) * solid;
      canvas.set(p, tall, [1 + 0.015 * solid, 1, 1.02 - 0.03 * solid], tone, 0.22 * solid);
      canvas.cover[p] = bore > -6 ? 0 : solid;
    };
  },
};

/** Distance-like measure of a hexagon with a flat top: its level sets are hexagons of that inner radius. */
function hexagon(x: number, y: number): number {
  const [ax, ay] = [Math.abs(x), Math.abs(y)];
  return Math.max(ay, 0.8660254 * ax + 0.5 * ay);
}

/** Planed wood: growth rings cut lengthwise, fibres and pores along the grain. */
export const wood: Material = {
  defects: ["scratch", "hole", "stain", "crack", "dent"],
  inside: [0.83, 0.7, 0.52],
  tilt: 0.02,
  shader({ canvas, seed, random }) {
    const warm = random.between(-0.02, 0.02);
    return (p, x, y) => {
      const drift =
        2.6 * noise(seed, x * 0.006, y * 0.0016) +
        0.35 * noise(seed + 1, x * 0.05, y * 0.006) +
        0.12 * noise(seed + 6, x * 0.3, y * 0.012);
      const ring = fraction(x * 0.06 + drift);
      // Early wood darkens slowly into late wood, which ends abruptly.
      const late = ring * ring * ring * (1 - smoothstep(0.86, 1, ring));
      const fibre = noise(seed + 2, x * 0.75, y * 0.016) + 0.7 * noise(seed + 3, x * 1.9, y * 0.04);
      const pore = smoothstep(0.4, 0.75, noise(seed + 4, x * 1.15, y * 0.045)) * (1 - 0.6 * late);
      const flame = fractal(seed + 5, x * 0.025, y * 0.006, 4);
      const tone = 1 + 0.085 * fibre + 0.2 * flame - 0.22 * pore;
      const tall = 0.11 * fibre - 0.35 * pore;
      const mix = (light: number, dark: number) => (light + (dark - light) * 1.15 * late) * tone;
      canvas.paint(p, tall, mix(0.68 + warm, 0.47), mix(0.51, 0.31), mix(0.35 - warm, 0.19), 0.03);
    };
  },
};
