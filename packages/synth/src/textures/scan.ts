import { contrasting, mix } from "../draw/colours.js";
import { clamp, norm, smoothstep } from "../draw/maths.js";
import { cells, cloud, dice, grain, tileAt } from "../draw/noise.js";
import { pick } from "../draw/random.js";
import { colour, odds } from "./look.js";
import { MIDDLE, texture } from "./texture.js";

/** Slices of bodies, as scanners show them: soft shells around folds and hollows on black. */
export const slice = texture("slice", {
  nouns: ["scan", "tomogram", "axial slice", "cross-section scan", "medical image"],
  defects: ["stain", "hole", "discolouration", "contamination", "misprint"],
  words: {
    stain: ["a lesion", "a bright spot", "a mass"],
    hole: ["a dark spot", "a cavity", "a lesion"],
    discolouration: ["a diffuse lesion", "swelling", "a shadow"],
    contamination: ["bright spots", "small lesions", "calcification"],
    misprint: ["an artefact", "a missing region"],
  },
  look: {
    base: () => ({ word: "grey", rgb: [1, 1, 1] as const }),
    shell: [0.35, 0.95],
    tissue: [0.25, 0.6],
    folds: [0.02, 0.06],
    depth: [0.05, 0.35],
    thick: [4, 14],
    stretch: [0.75, 1.05],
    hollow: [0.6, 1.3],
    isDark: odds(0.7),
  },
  design: ({ stretch }, random) => ({
    word: pick(random, ["grey", "soft", "greyscale"]),
    inside: [0.9, 0.9, 0.9],
    grey: true,
    orientation: "level",
    outline: (x, y) => norm((x - MIDDLE) / stretch, y - MIDDLE) - 64,
  }),
  shader({ canvas, gone, seed, random, base, shell, tissue, folds, depth, thick, stretch, hollow, isDark }) {
    const person = seed + random.below(1024);
    const [fold, bend, soft] = [cloud(person), grain(person + 7), grain(person + 5)];
    const half = random.between(72, 100);
    const squeeze = stretch * random.between(0.94, 1.06);
    const open = hollow * random.between(0.8, 1.2);
    const [cx, cy] = [random.between(-8, 8), random.between(-8, 8)];
    return (p, x, y) => {
      const [dx, dy] = [(x - MIDDLE - cx) / squeeze, y - MIDDLE - cy];
      const d = norm(dx, dy) + 6 * bend(dx * 0.012, dy * 0.012) - half;
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
      const light = 0.03 + bone + within * level + 0.03 * soft(dx * 0.2, dy * 0.2) * within;
      canvas.set(p, 0, base.rgb, clamp(light, 0.02, 0.95), 0);
      canvas.cover[p] = smoothstep(-2, -8, d);
    };
  },
});

/** Round cells with nuclei in a stained ground. */
export const smear = texture("smear", {
  nouns: ["micrograph", "cell culture", "tissue sample", "blood smear"],
  defects: ["stain", "contamination", "discolouration", "scratch", "hole"],
  look: {
    base: colour("pink", "cream", "light blue", "white", "light grey", "purple"),
    body: contrasting,
    size: [26, 50],
    fill: [0.3, 0.45],
    nucleus: [0.15, 0.6],
  },
  design: () => ({ inside: [0.95, 0.95, 0.95], orientation: "free" }),
  shader({ canvas, seed, random, base, body, size, fill, nucleus }) {
    const [drop, wobble, far] = [cells(seed + random.below(4096)), grain(seed), cloud(seed + 1)];
    return (p, x, y) => {
      const { nearest, margin } = drop(x / size, y / size);
      const d = nearest + 0.08 * wobble(x * 0.06, y * 0.06);
      const inner = smoothstep(fill, fill - 0.12, d) * smoothstep(0, 0.12, margin);
      const core = smoothstep(fill * nucleus, fill * nucleus - 0.08, d);
      const light = 1 + 0.12 * far(x * 0.01, y * 0.01);
      canvas.blend(p, 0, base.rgb, body.rgb, 0.45 * inner + 0.5 * core * inner, light, 0);
    };
  },
});

const GOLD = [0.8, 0.66, 0.35] as const;
const TIN = [0.75, 0.76, 0.78] as const;
const DRILLED = [0.08, 0.08, 0.07] as const;

/** Traces, pads and vias on a coated board. */
export const board = texture("board", {
  nouns: ["circuit board", "printed circuit", "motherboard"],
  defects: ["scratch", "missing", "contamination", "stain", "misprint", "discolouration", "hole"],
  words: { missing: ["a missing trace", "a broken trace", "an open circuit"] },
  look: {
    base: colour("green", "dark green", "blue", "red", "black", "navy", "white"),
    copper: [0.25, 0.6],
    pad: (random) => pick(random, [GOLD, TIN]),
    pitch: [18, 34],
    width: [0.1, 0.2],
    dense: [-0.4, 0.2],
  },
  design: () => ({ inside: [0.7, 0.6, 0.4] }),
  shader({ canvas, gone, seed, base, copper, pad, pitch, width, dense }) {
    const bits = dice(seed);
    const trace = mix(base.rgb, [0.8, 0.75, 0.5], copper);
    const within = (radius: number, d: number) => clamp(0.5 + (radius - d) / (canvas.unit / pitch));
    return (p, x, y) => {
      const { i, j, a, b } = tileAt(x / pitch, y / pitch);
      // Whether a trace crosses a side of a lattice cell is the same for both of its cells.
      const across = bits(a > 0 ? i : i - 1, j) > dense;
      const down = bits(i + 500, b > 0 ? j : j - 1) > dense;
      let on = across ? within(width, Math.abs(b)) : 0;
      if (down) on = Math.max(on, within(width, Math.abs(a)));
      if (gone?.(x, y)) on = 0;
      const isPad = bits(i + 77, j + 31) > 0.35;
      const ring = isPad ? within(0.36, norm(a, b)) : 0;
      const via = isPad ? within(0.14, norm(a, b)) : 0;
      canvas.blend(p, 0.8 * Math.max(on, ring) - 3 * via, base.rgb, trace, on, 1, 0.05 + 0.3 * ring);
      canvas.tint(p, pad, ring);
      canvas.tint(p, DRILLED, 0.9 * via);
    };
  },
});
