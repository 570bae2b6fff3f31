import { anyColour, contrasting, mix, shade } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep } from "../draw/maths.js";
import { cloud, dice, grain, seen } from "../draw/noise.js";
import { chance, pick } from "../draw/random.js";
import { texture } from "./texture.js";

/** Threads over and under each other: plain, twill, satin and basket weaves, plain, striped or checked. */
export const weave = texture({
  name: "weave",
  nouns: ["cloth", "canvas", "linen", "textile", "denim", "cotton"],
  defects: ["misweave", "pull", "hole", "stain", "contamination", "discolouration"],
  material(random) {
    const warp = anyColour(random);
    const weft = chance(random, 0.5) ? warp : contrasting(random, warp.rgb);
    const third = contrasting(random, warp.rgb);
    const pitch = random.between(10, 22);
    const [over, under, step] = pick(random, [
      [1, 1, 1],
      [2, 1, 1],
      [2, 2, 1],
      [3, 1, 2],
      [4, 1, 2],
    ] as const);
    const pattern = pick(random, ["plain", "plain", "stripes", "checks"] as const);
    const band = 2 + random.below(5);
    const uneven = random.between(0.05, 0.3);
    const gap = random.between(0.1, 0.6);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [warp.word, ...(pattern === "plain" ? [] : [pattern === "checks" ? "checked" : "striped"])],
      inside: mix(warp.rgb, [0.75, 0.73, 0.7], 0.6),
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const fibre = grain(seed + 1);
        const sway = grain(seed + 2);
        const fine = 0.12 * seen(pitch / 3, canvas.unit);
        return (p, x, y) => {
          const drift = 0.25 * sway(x * 0.015, y * 0.015);
          const u = x / pitch + drift;
          const v = y / pitch - drift;
          const i = Math.floor(u);
          const j = Math.floor(v);
          const a = 2 * (u - i) - 1;
          const b = 2 * (v - j) - 1;
          const lifted = modulo(i * step + j, over + under) < over;
          const isWarp = lifted && !gone?.(x, y);
          const across = isWarp ? a : b;
          const along = isWarp ? b : a;
          const round = (1 - gap * across * across * across * across) * (1 - 0.35 * across * across);
          const thread = isWarp ? i : j + 500;
          const banded =
            pattern === "plain" ? false : modulo(thread, 2 * band) < band && (isWarp || pattern === "checks");
          const colour = banded ? third.rgb : isWarp ? warp.rgb : weft.rgb;
          const light =
            round *
            (1 - 0.15 * along * along) *
            (1 +
              uneven * 0.5 * tone(thread) +
              fine * (isWarp ? fibre(x * 0.7, y * 0.15) : fibre(x * 0.15, y * 0.7)));
          canvas.set(p, 2.2 * round - 1.1 * along * along + (lifted && !isWarp ? -1.5 : 0), colour, light, 0);
        };
      },
    };
  },
});

/** Columns of stitches, each a pair of slanted loops. */
export const knit = texture({
  name: "knit",
  nouns: ["knitwear", "jersey", "sweater", "knitted wool"],
  defects: ["misweave", "pull", "hole", "stain", "contamination", "discolouration"],
  material(random) {
    const yarn = anyColour(random);
    const other = contrasting(random, yarn.rgb);
    const width = random.between(16, 34);
    const tall = width * random.between(0.6, 0.95);
    const slant = random.between(0.4, 0.8);
    const rows = chance(random, 0.4) ? 2 + random.below(5) : 0;
    const fuzz = random.between(0.05, 0.3);
    const seed = random.below(2 ** 30);
    return {
      adjectives: rows ? [yarn.word, "striped"] : [yarn.word],
      inside: shade(yarn.rgb, 0.3),
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const hair = grain(seed + 1);
        const sway = grain(seed + 2);
        return (p, x, y) => {
          const u = x / width + 0.15 * sway(x * 0.02, y * 0.02);
          const i = Math.floor(u);
          const a = 2 * (u - i) - 1;
          const side = Math.abs(a);
          const v = y / tall + slant * side;
          const j = Math.floor(v);
          const b = 2 * (v - j) - 1;
          const leg = 2 * side - 1;
          const loose = gone?.(x, y) ? 0.25 : 1;
          const round = clamp((1 - leg * leg * 0.8) * (1 - b * b * 0.75)) * loose;
          const light =
            (0.35 + 0.7 * round) * (1 + fuzz * hair(x * 0.5 + 0.3 * y, y * 0.25) + 0.06 * tone(i, j));
          const colour = rows && modulo(j, 2 * rows) < rows ? other.rgb : yarn.rgb;
          canvas.set(p, 4 * round, colour, light, 0);
        };
      },
    };
  },
});

/** Pressed fibres lying in all directions. */
export const felt = texture({
  name: "felt",
  nouns: ["felt", "fleece", "wadding", "filter mat"],
  defects: ["hole", "stain", "contamination", "discolouration", "fold", "scratch"],
  material(random) {
    const wool = anyColour(random);
    const length = random.between(14, 40);
    const strength = random.between(0.12, 0.35);
    const mottle = random.between(0.05, 0.25);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [wool.word],
      inside: shade(wool.rgb, 0.4),
      orientation: "free",
      shader({ canvas }) {
        const [one, two, three, blot] = [grain(seed), grain(seed + 1), grain(seed + 2), cloud(seed + 3)];
        const [thin, thick] = [3.2, length];
        return (p, x, y) => {
          const f =
            one((0.8 * x + 0.6 * y) / thick, (0.8 * y - 0.6 * x) / thin) +
            two((0.28 * x - 0.96 * y) / thick, (0.96 * x + 0.28 * y) / thin) +
            three(x / 6, y / thin);
          const light = 1 + 0.6 * strength * f + mottle * blot(x * 0.012, y * 0.012);
          canvas.set(p, 0.9 * f, wool.rgb, light, 0);
        };
      },
    };
  },
});

/** Slanted strokes that turn about from column to column. */
export const herringbone = texture({
  name: "herringbone",
  nouns: ["tweed", "braid", "webbing", "strap"],
  defects: ["misweave", "pull", "hole", "stain", "contamination", "discolouration"],
  material(random) {
    const light = anyColour(random);
    const dark = chance(random, 0.4)
      ? { ...light, rgb: shade(light.rgb, 0.55) }
      : contrasting(random, light.rgb);
    const width = random.between(24, 60);
    const pitch = random.between(11, 22);
    const slope = random.between(0.5, 1.2);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [light.word],
      inside: shade(dark.rgb, 0.5),
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const hair = grain(seed + 1);
        return (p, x, y) => {
          const u = x / width;
          const i = Math.floor(u);
          const a = Math.abs(2 * (u - i) - 1);
          const v = (y + slope * width * 0.5 * (i & 1 ? a : -a)) / pitch;
          const j = Math.floor(v);
          const b = Math.abs(2 * (v - j) - 1);
          const stroke = smoothstep(0.75, 0.35, b) * (gone?.(x, y) ? 0 : 1);
          const soft = 1 + 0.12 * tone(i, j) + 0.14 * hair(x * 0.3, y * 0.3);
          const edge = soft * (a < 0.08 ? 0.85 : 1);
          canvas.blend(p, 2 * stroke, dark.rgb, light.rgb, stroke, edge, 0);
        };
      },
    };
  },
});

/** Tufts of pile, flecked. */
export const carpet = texture({
  name: "carpet",
  nouns: ["carpet", "rug"],
  heldOut: true,
  defects: ["hole", "stain", "contamination", "discolouration", "misweave", "pull"],
  material(random) {
    const pile = anyColour(random);
    const fleck = contrasting(random, pile.rgb);
    const tuft = random.between(9, 18);
    const share = random.between(-0.9, 0.3);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [pile.word],
      inside: [0.55, 0.47, 0.36],
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const [wobble, worn] = [grain(seed + 1), cloud(seed + 2)];
        return (p, x, y) => {
          const w = wobble(x * 0.12, y * 0.12);
          const v = y / tuft + 0.4 * w;
          const j = Math.floor(v);
          const u = x / tuft + 0.5 * (j & 1) - 0.4 * w;
          const i = Math.floor(u);
          const [a, b] = [2 * (u - i) - 1, 2 * (v - j) - 1];
          const round = clamp(1 - 0.5 * (a * a + b * b)) * (gone?.(x, y) ? 0.15 : 1);
          const colour = tone(i, j) < share ? fleck.rgb : pile.rgb;
          const light =
            (0.45 + 0.65 * round) * (1 + 0.12 * tone(i + 77, j) + 0.15 * worn(x * 0.008, y * 0.008));
          canvas.set(p, 3.5 * round, colour, light, 0);
        };
      },
    };
  },
});

/** Broad strips plaited over and under each other. */
export const wicker = texture({
  name: "wicker",
  nouns: ["wicker", "basketwork"],
  heldOut: true,
  defects: ["misweave", "pull", "scratch", "crack", "stain", "discolouration"],
  material(random) {
    const cane = anyColour(random, ["beige", "brown", "cream", "dark brown", "white", "grey", "olive"]);
    const pitch = random.between(24, 44);
    const strands = 2 + random.below(4);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [cane.word],
      inside: shade(cane.rgb, 0.25),
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const fibre = grain(seed + 1);
        return (p, x, y) => {
          const [u, v] = [x / pitch, y / pitch];
          const [i, j] = [Math.floor(u), Math.floor(v)];
          const [a, b] = [2 * (u - i) - 1, 2 * (v - j) - 1];
          const upright = ((i + j) & 1) === 0 && !gone?.(x, y);
          const [across, along] = upright ? [a, b] : [b, a];
          const strand = 2 * fraction(((across + 1) / 2) * strands) - 1;
          const arch = 1 - along * along * 0.9;
          const round = (1 - 0.5 * strand * strand) * (Math.abs(across) > 0.94 ? 0.5 : 1);
          const f = upright ? fibre(x * 0.5, y * 0.05) : fibre(x * 0.05, y * 0.5);
          const light =
            (0.55 + 0.45 * round) *
            (0.6 + 0.45 * arch) *
            (1 + 0.12 * f + 0.1 * tone(upright ? i : j + 99, 1));
          canvas.set(p, 5 * arch + 1.5 * round, cane.rgb, light, 0.03);
        };
      },
    };
  },
});
