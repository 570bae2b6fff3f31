import { contrasting, mix, shade } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep } from "../draw/maths.js";
import { cloud, dice, grain, seen, tileAt } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { colour, shadeOrContrast, whole } from "./look.js";
import { texture } from "./texture.js";

/** How many threads a warp passes over and under, and its shift from one warp to the next. */
const FLOATS = [
  [1, 1, 1],
  [2, 1, 1],
  [2, 2, 1],
  [3, 1, 2],
  [4, 1, 2],
] as const;

/** Threads over and under each other: plain, twill, satin and basket weaves, plain, striped or checked. */
export const weave = texture("weave", {
  nouns: ["cloth", "canvas", "linen", "textile", "denim", "cotton"],
  defects: ["misweave", "pull", "hole", "stain", "contamination", "discolouration"],
  look: {
    base: colour(),
    weft: shadeOrContrast(0.5, 1),
    third: contrasting,
    pitch: [10, 22],
    floats: (random) => pick(random, FLOATS),
    pattern: (random) => pick(random, ["plain", "plain", "striped", "checked"]),
    band: whole(2, 5),
    uneven: [0.05, 0.3],
    gap: [0.1, 0.6],
  },
  design: ({ base, pattern }) => ({
    adjectives: pattern === "plain" ? [] : [pattern],
    inside: mix(base.rgb, [0.75, 0.73, 0.7], 0.6),
  }),
  shader({ canvas, gone, seed, base, weft, third, pitch, floats, pattern, band, uneven, gap }) {
    const [over, under, step] = floats;
    const [tone, fibre, sway] = [dice(seed), grain(seed + 1), grain(seed + 2)];
    const fine = 0.12 * seen(pitch / 3, canvas.unit);
    return (p, x, y) => {
      const drift = 0.25 * sway(x * 0.015, y * 0.015);
      const { i, j, a, b } = tileAt(x / pitch + drift, y / pitch - drift);
      const lifted = modulo(i * step + j, over + under) < over;
      const isWarp = lifted && !gone?.(x, y);
      const [across, along] = isWarp ? [2 * a, 2 * b] : [2 * b, 2 * a];
      const round = (1 - gap * across * across * across * across) * (1 - 0.35 * across * across);
      const thread = isWarp ? i : j + 500;
      const striped = pattern === "checked" || (pattern === "striped" && isWarp);
      const { rgb } = striped && modulo(thread, 2 * band) < band ? third : isWarp ? base : weft;
      const hair = fine * (isWarp ? fibre(x * 0.7, y * 0.15) : fibre(x * 0.15, y * 0.7));
      const light = round * (1 - 0.15 * along * along) * (1 + uneven * 0.5 * tone(thread) + hair);
      canvas.set(p, 2.2 * round - 1.1 * along * along + (lifted && !isWarp ? -1.5 : 0), rgb, light, 0);
    };
  },
});

/** Columns of stitches, each a pair of slanted loops. */
export const knit = texture("knit", {
  nouns: ["knitwear", "jersey", "sweater", "knitted wool"],
  defects: ["misweave", "pull", "hole", "stain", "contamination", "discolouration"],
  look: {
    base: colour(),
    other: contrasting,
    width: [16, 34],
    flat: [0.6, 0.95],
    slant: [0.4, 0.8],
    rows: (random) => (chance(random, 0.4) ? 2 + random.below(5) : 0),
    fuzz: [0.05, 0.3],
  },
  design: ({ rows }) => ({ adjectives: rows ? ["striped"] : [], inside: 0.3 }),
  shader({ canvas, gone, seed, base, other, width, flat, slant, rows, fuzz }) {
    const [tone, hair, sway] = [dice(seed), grain(seed + 1), grain(seed + 2)];
    const tall = width * flat;
    return (p, x, y) => {
      const u = x / width + 0.15 * sway(x * 0.02, y * 0.02);
      const side = Math.abs(2 * fraction(u) - 1);
      const { i, j, b } = tileAt(u, y / tall + slant * side);
      const leg = 2 * side - 1;
      const loose = gone?.(x, y) ? 0.25 : 1;
      const round = clamp((1 - leg * leg * 0.8) * (1 - 4 * b * b * 0.75)) * loose;
      const wool = 1 + fuzz * hair(x * 0.5 + 0.3 * y, y * 0.25) + 0.06 * tone(i, j);
      const { rgb } = rows && modulo(j, 2 * rows) < rows ? other : base;
      canvas.set(p, 4 * round, rgb, (0.35 + 0.7 * round) * wool, 0);
    };
  },
});

/** Pressed fibres lying in all directions. */
export const felt = texture("felt", {
  nouns: ["felt", "fleece", "wadding", "filter mat"],
  defects: ["hole", "stain", "contamination", "discolouration", "fold", "scratch"],
  look: { base: colour(), length: [14, 40], strength: [0.12, 0.35], mottle: [0.05, 0.25] },
  design: () => ({ inside: 0.4, orientation: "free" }),
  shader({ canvas, seed, base, length, strength, mottle }) {
    const [one, two, three, blot] = [grain(seed), grain(seed + 1), grain(seed + 2), cloud(seed + 3)];
    const width = 3.2;
    return (p, x, y) => {
      const f =
        one((0.8 * x + 0.6 * y) / length, (0.8 * y - 0.6 * x) / width) +
        two((0.28 * x - 0.96 * y) / length, (0.96 * x + 0.28 * y) / width) +
        three(x / 6, y / width);
      const light = 1 + 0.6 * strength * f + mottle * blot(x * 0.012, y * 0.012);
      canvas.set(p, 0.9 * f, base.rgb, light, 0);
    };
  },
});

/** Slanted strokes that turn about from column to column. */
export const herringbone = texture("herringbone", {
  nouns: ["tweed", "braid", "webbing", "strap"],
  defects: ["misweave", "pull", "hole", "stain", "contamination", "discolouration"],
  look: {
    base: colour(),
    dark: shadeOrContrast(0.4, 0.55),
    width: [24, 60],
    pitch: [11, 22],
    slope: [0.5, 1.2],
  },
  design: ({ dark }) => ({ inside: shade(dark.rgb, 0.5) }),
  shader({ canvas, gone, seed, base, dark, width, pitch, slope }) {
    const [tone, hair] = [dice(seed), grain(seed + 1)];
    return (p, x, y) => {
      const u = x / width;
      const i = Math.floor(u);
      const a = Math.abs(2 * (u - i) - 1);
      const { j, b } = tileAt(0, (y + slope * width * 0.5 * (i & 1 ? a : -a)) / pitch);
      const stroke = gone?.(x, y) ? 0 : smoothstep(0.75, 0.35, Math.abs(2 * b));
      const light = 1 + 0.12 * tone(i, j) + 0.14 * hair(x * 0.3, y * 0.3);
      canvas.blend(p, 2 * stroke, dark.rgb, base.rgb, stroke, light * (a < 0.08 ? 0.85 : 1), 0);
    };
  },
});

/** Tufts of pile, flecked. */
export const carpet = texture("carpet", {
  nouns: ["carpet", "rug"],
  heldOut: true,
  defects: ["hole", "stain", "contamination", "discolouration", "misweave", "pull"],
  look: { base: colour(), fleck: contrasting, tuft: [9, 18], share: [-0.9, 0.3] },
  design: () => ({ inside: [0.55, 0.47, 0.36] }),
  shader({ canvas, gone, seed, base, fleck, tuft, share }) {
    const [tone, wobble, worn] = [dice(seed), grain(seed + 1), cloud(seed + 2)];
    return (p, x, y) => {
      const w = 0.4 * wobble(x * 0.12, y * 0.12);
      const v = y / tuft + w;
      const row = Math.floor(v) & 1;
      const { i, j, a, b } = tileAt(x / tuft + 0.5 * row - w, v);
      const round = clamp(1 - 2 * (a * a + b * b)) * (gone?.(x, y) ? 0.15 : 1);
      const wool = 1 + 0.12 * tone(i + 77, j) + 0.15 * worn(x * 0.008, y * 0.008);
      const { rgb } = tone(i, j) < share ? fleck : base;
      canvas.set(p, 3.5 * round, rgb, (0.45 + 0.65 * round) * wool, 0);
    };
  },
});

/** Broad strips plaited over and under each other. */
export const wicker = texture("wicker", {
  nouns: ["wicker", "basketwork"],
  heldOut: true,
  defects: ["misweave", "pull", "scratch", "crack", "stain", "discolouration"],
  look: {
    base: colour("beige", "brown", "cream", "dark brown", "white", "grey", "olive"),
    pitch: [24, 44],
    strands: whole(2, 4),
  },
  design: () => ({ inside: 0.25 }),
  shader({ canvas, gone, seed, base, pitch, strands }) {
    const [tone, fibre] = [dice(seed), grain(seed + 1)];
    return (p, x, y) => {
      const { i, j, a, b } = tileAt(x / pitch, y / pitch);
      const upright = ((i + j) & 1) === 0 && !gone?.(x, y);
      const [across, along] = upright ? [2 * a, 2 * b] : [2 * b, 2 * a];
      const strand = 2 * fraction(((across + 1) / 2) * strands) - 1;
      const arch = 1 - along * along * 0.9;
      const round = (1 - 0.5 * strand * strand) * (Math.abs(across) > 0.94 ? 0.5 : 1);
      const f = upright ? fibre(x * 0.5, y * 0.05) : fibre(x * 0.05, y * 0.5);
      const cane = 1 + 0.12 * f + 0.1 * tone(upright ? i : j + 99, 1);
      canvas.set(
        p,
        5 * arch + 1.5 * round,
        base.rgb,
        (0.55 + 0.45 * round) * (0.6 + 0.45 * arch) * cane,
        0.03,
      );
    };
  },
});
