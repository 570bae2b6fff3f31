import { anyColour, contrasting, shade } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep } from "../draw/maths.js";
import { cloud, dice, grain } from "../draw/noise.js";
import { chance } from "../draw/random.js";
import { texture } from "./texture.js";

/** Bricks, paving and wall tiles between joints. */
export const tiles = texture({
  name: "tiles",
  nouns: ["brickwork", "tiles", "paving", "tiled wall", "mosaic"],
  defects: ["missing", "crack", "scratch", "stain", "discolouration", "contamination", "hole"],
  material(random) {
    const tile = anyColour(random);
    const joint = contrasting(random, tile.rgb);
    const [width, tall] = [random.between(26, 80), random.between(22, 48)];
    const offset = chance(random, 0.6) ? 0.5 : 0;
    const gap = random.between(2, 6);
    const spread = random.between(0.05, 0.4);
    const rough = random.between(0.02, 0.25);
    const gloss = random.between(0, 0.25);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [tile.word, ...(gloss > 0.15 ? ["glazed"] : [])],
      inside: shade(tile.rgb, 0.7),
      orientation: "tilt",
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const [face, fine] = [cloud(seed + 1), grain(seed + 2)];
        const soft = Math.max(1.2, canvas.unit);
        return (p, x, y) => {
          const v = y / tall;
          const j = Math.floor(v);
          const u = x / width + offset * (j & 1);
          const i = Math.floor(u);
          const dx = (0.5 - Math.abs(u - i - 0.5)) * width;
          const dy = (0.5 - Math.abs(v - j - 0.5)) * tall;
          const inner = Math.min(dx, dy) - gap / 2;
          let on = clamp(0.5 + inner / soft);
          if (gone?.((i + 0.5 - offset * (j & 1)) * width, (j + 0.5) * tall)) on = 0;
          const f = face(x * 0.03, y * 0.03) + 0.4 * fine(x * 0.2, y * 0.2);
          const light = 1 + on * spread * tone(i, j) + (on * rough + 0.1 * (1 - on)) * f;
          canvas.blend(
            p,
            on * (3 + Math.min(2, inner * 0.6) + rough * 3 * f),
            joint.rgb,
            tile.rgb,
            on,
            light,
            on * gloss,
          );
        };
      },
    };
  },
});

/** Rows of overlapping scales. */
export const shingles = texture({
  name: "shingles",
  nouns: ["shingles", "roofing", "scales", "slates"],
  defects: ["missing", "crack", "scratch", "stain", "discolouration", "contamination"],
  material(random) {
    const scale = anyColour(random);
    const width = random.between(26, 54);
    const tall = width * random.between(0.5, 0.9);
    const round = random.between(0, 1);
    const spread = random.between(0.1, 0.4);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [scale.word],
      inside: shade(scale.rgb, 0.35),
      shader({ canvas, gone }) {
        const tone = dice(seed);
        const face = cloud(seed + 1);
        return (p, x, y) => {
          // The top row is the one whose rounded lower edge extends to this place.
          let j = Math.floor(y / tall);
          for (let k = 0; k < 2; k++, j--) {
            const u = x / width + 0.5 * (j & 1);
            const i = Math.floor(u);
            const a = 2 * (u - i) - 1;
            const sag = 1 + round * 0.8 * (1 - a * a) - round * 0.5;
            const depth = y / tall - j;
            if (k === 1 || depth < sag - 1 + 0.001 === false) {
              const t = k === 0 ? depth : depth;
              const hidden = gone?.((i + 0.5 - 0.5 * (j & 1)) * width, (j + 0.5) * tall) ? 0.3 : 1;
              const side = smoothstep(1, 0.9, Math.abs(a));
              const light =
                (0.55 + 0.45 * clamp(t)) *
                (0.5 + 0.5 * side) *
                (1 + spread * tone(i, j) + 0.2 * face(x * 0.04, y * 0.04)) *
                hidden;
              canvas.set(p, 5 * t * hidden * side, scale.rgb, light, 0.03);
              return;
            }
          }
        };
      },
    };
  },
});

/** Square plates crossed by thin lines and bars, as photovoltaic ones are, some of crystals. */
export const wafer = texture({
  name: "wafer",
  nouns: ["wafer", "photovoltaic module", "silicon plate", "panel"],
  defects: ["crack", "scratch", "missing", "stain", "discolouration", "contamination"],
  words: {
    missing: ["a missing segment", "a dead segment"],
    discolouration: ["a dark area", "a dull patch"],
  },
  material(random) {
    const grey = chance(random, 0.5);
    const silicon = grey
      ? anyColour(random, ["grey", "dark grey", "light grey"])
      : anyColour(random, ["navy", "blue", "black", "dark grey", "purple"]);
    const line = shade(grey ? silicon.rgb : [0.75, 0.77, 0.8], chance(random, 0.5) || !grey ? 1.2 : 0.5);
    const fingers = random.between(11, 24);
    const bars = random.between(48, 110);
    const cellSide = random.between(150, 320);
    const bar = random.between(2, 6);
    const crystal = chance(random, 0.5) ? random.between(0.1, 0.5) : 0;
    const seed = random.below(2 ** 30);
    return {
      adjectives: [silicon.word],
      inside: shade(silicon.rgb, 0.3),
      grey: grey && chance(random, 0.7),
      orientation: "level",
      shader({ canvas, gone, random: samples }) {
        const soft = Math.max(1, canvas.unit);
        const patch = grain(seed + samples.below(512));
        const bloom = cloud(seed + 9 + samples.below(512));
        const edge = 4;
        return (p, x, y) => {
          const [cx, cy] = [fraction(x / cellSide), fraction(y / cellSide)];
          const rim = Math.min(0.5 - Math.abs(cx - 0.5), 0.5 - Math.abs(cy - 0.5)) * cellSide;
          const near = Math.abs(modulo(cx * cellSide, bars) - bars / 2) - bar / 2;
          const thin = Math.abs(modulo(cy * cellSide, fingers) - fingers / 2) - 0.5;
          const busbar = clamp(0.5 - near / soft);
          const finger = 0.35 * clamp(0.5 - thin / soft);
          const on = clamp(0.5 + (rim - edge) / soft);
          let light = 1 + 0.18 * bloom(x * 0.008, y * 0.008);
          if (crystal > 0) light += crystal * patch(x * 0.04 + 0.6 * patch(y * 0.02, x * 0.02), y * 0.025);
          if (gone?.(x - modulo(x, bars), y)) light *= 0.25;
          // The ground between the plates is dark.
          canvas.blend(
            p,
            busbar,
            silicon.rgb,
            line,
            Math.max(busbar, finger),
            light * on + 0.06 * (1 - on),
            0.03,
          );
        };
      },
    };
  },
});

/** Squares of two colours. */
export const checker = texture({
  name: "checker",
  nouns: ["chequered floor", "linoleum", "chessboard", "quilt"],
  defects: ["scratch", "stain", "missing", "misprint", "contamination", "discolouration", "hole"],
  material(random) {
    const one = anyColour(random);
    const two = contrasting(random, one.rgb);
    const side = random.between(22, 60);
    const diagonal = chance(random, 0.4);
    const puff = random.between(0, 3);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [`${one.word} and ${two.word}`],
      inside: shade(one.rgb, 0.4),
      orientation: "tilt",
      shader({ canvas, gone }) {
        const face = cloud(seed);
        const soft = canvas.unit / side;
        return (p, x, y) => {
          const [u, v] = diagonal ? [(x + y) / side / 1.4, (x - y) / side / 1.4] : [x / side, y / side];
          const [i, j] = [Math.floor(u), Math.floor(v)];
          const [a, b] = [Math.abs(u - i - 0.5), Math.abs(v - j - 0.5)];
          const rim = 0.5 - Math.max(a, b);
          const odd = ((i + j) & 1) === 1;
          const other = 0.5 - 0.5 * clamp(rim / soft);
          let t = odd ? 1 - other : other;
          if (gone?.(x, y)) t = 1 - t;
          const light = 1 + 0.12 * face(x * 0.02, y * 0.02);
          canvas.blend(p, puff * (1 - 4 * a * a) * (1 - 4 * b * b), one.rgb, two.rgb, t, light, 0.05);
        };
      },
    };
  },
});

/** Hexagonal cells side by side. */
export const honeycomb = texture({
  name: "honeycomb",
  nouns: ["honeycomb", "hexagonal cells"],
  heldOut: true,
  defects: ["missing", "stain", "contamination", "discolouration", "pull", "scratch"],
  material(random) {
    const wall = anyColour(random, ["yellow", "orange", "beige", "light grey", "white", "brown", "grey"]);
    const hollow = shade(wall.rgb, random.between(0.2, 0.6));
    const size = random.between(20, 40);
    const thick = random.between(0.1, 0.24);
    const seed = random.below(2 ** 30);
    return {
      adjectives: [wall.word],
      inside: shade(wall.rgb, 0.4),
      orientation: "free",
      shader({ canvas, gone }) {
        const [face, tone] = [cloud(seed), dice(seed)];
        const soft = Math.max(0.05, canvas.unit / size);
        return (p, x, y) => {
          // Of two rectangular lattices of hexagon centres, the nearer centre.
          const [u, v] = [x / size, y / size / 1.7320508];
          const [i, j] = [Math.round(u), Math.round(v)];
          const [k, l] = [Math.floor(u), Math.floor(v)];
          const [ax, ay] = [u - i, (v - j) * 1.7320508];
          const [bx, by] = [u - k - 0.5, (v - l - 0.5) * 1.7320508];
          const first = ax * ax + ay * ay < bx * bx + by * by;
          const [dx, dy] = first ? [Math.abs(ax), Math.abs(ay)] : [Math.abs(bx), Math.abs(by)];
          const far = Math.max(dx, 0.5 * dx + 0.8660254 * dy);
          let solid = smoothstep(0.5 - thick - soft, 0.5 - thick + soft, far);
          const [cx, cy] = first ? [i, j] : [k + 0.5, l + 0.5];
          if (gone?.(cx * size, cy * size * 1.7320508)) solid = 0.85;
          const light =
            1 +
            0.12 * face(x * 0.03, y * 0.03) +
            0.15 * (1 - solid) * tone(Math.round(cx * 2), Math.round(cy * 2));
          canvas.blend(p, 5 * solid, hollow, wall.rgb, solid, light, 0.05 * solid);
        };
      },
    };
  },
});
