import { anyColour, type Colour, contrasting, shade } from "../draw/colours.js";
import { clamp, fraction, modulo, smoothstep } from "../draw/maths.js";
import { cloud, dice, grain, tileAt } from "../draw/noise.js";
import { chance } from "../draw/random.js";
import { colour, type Draw, odds, sometimes } from "./look.js";
import { texture } from "./texture.js";

/** Bricks, paving and wall tiles between joints. */
export const tiles = texture("tiles", {
  nouns: ["brickwork", "tiles", "paving", "tiled wall", "mosaic"],
  defects: ["missing", "crack", "scratch", "stain", "discolouration", "contamination", "hole"],
  look: {
    base: colour(),
    joint: contrasting,
    width: [26, 80],
    tall: [22, 48],
    staggered: odds(0.6),
    gap: [2, 6],
    spread: [0.05, 0.4],
    rough: [0.02, 0.25],
    gloss: [0, 0.25],
  },
  design: ({ gloss }) => ({ adjectives: gloss > 0.15 ? ["glazed"] : [], inside: 0.7 }),
  shader({ canvas, gone, seed, base, joint, width, tall, staggered, gap, spread, rough, gloss }) {
    const [tone, face, fine] = [dice(seed), cloud(seed + 1), grain(seed + 2)];
    const soft = Math.max(1.2, canvas.unit);
    return (p, x, y) => {
      const { i, j, a, b, u, v } = tileAt(x / width, y / tall, staggered ? 0.5 : 0);
      const inner = Math.min((0.5 - Math.abs(a)) * width, (0.5 - Math.abs(b)) * tall) - gap / 2;
      const on = gone?.(u * width, v * tall) ? 0 : clamp(0.5 + inner / soft);
      const f = face(x * 0.03, y * 0.03) + 0.4 * fine(x * 0.2, y * 0.2);
      const light = 1 + on * spread * tone(i, j) + (on * rough + 0.1 * (1 - on)) * f;
      const height = on * (3 + Math.min(2, inner * 0.6) + rough * 3 * f);
      canvas.blend(p, height, joint.rgb, base.rgb, on, light, on * gloss);
    };
  },
});

/** Rows of overlapping scales. */
export const shingles = texture("shingles", {
  nouns: ["shingles", "roofing", "scales", "slates"],
  defects: ["missing", "crack", "scratch", "stain", "discolouration", "contamination"],
  look: { base: colour(), width: [26, 54], flat: [0.5, 0.9], round: [0, 1], spread: [0.1, 0.4] },
  design: () => ({ inside: 0.35 }),
  shader({ canvas, gone, seed, base, width, flat, round, spread }) {
    const [tone, face] = [dice(seed), cloud(seed + 1)];
    const tall = width * flat;
    return (p, x, y) => {
      const row = Math.floor(y / tall);
      let tile = tileAt(x / width, row, 0.5);
      const sag = 1 + round * 0.8 * (1 - 4 * tile.a * tile.a) - round * 0.5;
      // Where the rounded lower edge of the row above reaches this place, that row shows.
      if (y / tall - row < sag - 1 + 0.001) tile = tileAt(x / width, row - 1, 0.5);
      const { i, j, a, u, v } = tile;
      const depth = y / tall - j;
      const hidden = gone?.(u * width, v * tall) ? 0.3 : 1;
      const side = smoothstep(1, 0.9, Math.abs(2 * a));
      const tint = 1 + spread * tone(i, j) + 0.2 * face(x * 0.04, y * 0.04);
      const light = (0.55 + 0.45 * clamp(depth)) * (0.5 + 0.5 * side) * tint * hidden;
      canvas.set(p, 5 * depth * hidden * side, base.rgb, light, 0.03);
    };
  },
});

/** Plates of silicon, with the colour of their lines, seen in colour or in grey. */
const silicon: Draw<Colour & { readonly isGrey: boolean; readonly line: Colour["rgb"] }> = (random) => {
  const isGrey = chance(random, 0.5);
  const greys = ["grey", "dark grey", "light grey"];
  const plate = anyColour(random, isGrey ? greys : ["navy", "blue", "black", "dark grey", "purple"]);
  const bright = chance(random, 0.5) || !isGrey ? 1.2 : 0.5;
  return { ...plate, isGrey, line: shade(isGrey ? plate.rgb : [0.75, 0.77, 0.8], bright) };
};

/** Square plates crossed by thin lines and bars, as photovoltaic ones are, some of crystals. */
export const wafer = texture("wafer", {
  nouns: ["wafer", "photovoltaic module", "silicon plate", "panel"],
  defects: ["crack", "scratch", "missing", "stain", "discolouration", "contamination"],
  words: {
    missing: ["a missing segment", "a dead segment"],
    discolouration: ["a dark area", "a dull patch"],
  },
  look: {
    base: silicon,
    fingers: [11, 24],
    bars: [48, 110],
    side: [150, 320],
    bar: [2, 6],
    crystal: sometimes(0.5, 0.1, 0.5),
  },
  design: ({ base }, random) => ({
    inside: 0.3,
    grey: base.isGrey && chance(random, 0.7),
    orientation: "level",
  }),
  shader({ canvas, gone, seed, random, base, fingers, bars, side, bar, crystal }) {
    const [patch, bloom] = [grain(seed + random.below(512)), cloud(seed + 9 + random.below(512))];
    const soft = Math.max(1, canvas.unit);
    const edge = 4;
    return (p, x, y) => {
      const [u, v] = [fraction(x / side), fraction(y / side)];
      const rim = Math.min(0.5 - Math.abs(u - 0.5), 0.5 - Math.abs(v - 0.5)) * side;
      const near = Math.abs(modulo(u * side, bars) - bars / 2) - bar / 2;
      const thin = Math.abs(modulo(v * side, fingers) - fingers / 2) - 0.5;
      const busbar = clamp(0.5 - near / soft);
      const finger = 0.35 * clamp(0.5 - thin / soft);
      const on = clamp(0.5 + (rim - edge) / soft);
      let light = 1 + 0.18 * bloom(x * 0.008, y * 0.008);
      if (crystal > 0) light += crystal * patch(x * 0.04 + 0.6 * patch(y * 0.02, x * 0.02), y * 0.025);
      if (gone?.(x - modulo(x, bars), y)) light *= 0.25;
      // The ground between the plates is dark.
      light = light * on + 0.06 * (1 - on);
      canvas.blend(p, busbar, base.rgb, base.line, Math.max(busbar, finger), light, 0.03);
    };
  },
});

/** Squares of two colours. */
export const checker = texture("checker", {
  nouns: ["chequered floor", "linoleum", "chessboard", "quilt"],
  defects: ["scratch", "stain", "missing", "misprint", "contamination", "discolouration", "hole"],
  look: { base: colour(), other: contrasting, side: [22, 60], diagonal: odds(0.4), puff: [0, 3] },
  design: ({ base, other }) => ({ word: `${base.word} and ${other.word}`, inside: 0.4 }),
  shader({ canvas, gone, seed, base, other, side, diagonal, puff }) {
    const face = cloud(seed);
    const soft = canvas.unit / side;
    return (p, x, y) => {
      const [u, v] = diagonal ? [(x + y) / side / 1.4, (x - y) / side / 1.4] : [x / side, y / side];
      const { i, j, a, b } = tileAt(u, v);
      const rim = 0.5 - Math.max(Math.abs(a), Math.abs(b));
      const mixed = 0.5 - 0.5 * clamp(rim / soft);
      const isOther = ((i + j) & 1) === 1;
      let t = isOther ? 1 - mixed : mixed;
      if (gone?.(x, y)) t = 1 - t;
      const light = 1 + 0.12 * face(x * 0.02, y * 0.02);
      canvas.blend(p, puff * (1 - 4 * a * a) * (1 - 4 * b * b), base.rgb, other.rgb, t, light, 0.05);
    };
  },
});

/** The height of a row of hexagons whose sides are 1 apart. */
const ROW = 1.7320508;

/** Hexagonal cells side by side. */
export const honeycomb = texture("honeycomb", {
  nouns: ["honeycomb", "hexagonal cells"],
  heldOut: true,
  defects: ["missing", "stain", "contamination", "discolouration", "pull", "scratch"],
  look: {
    base: colour("yellow", "orange", "beige", "light grey", "white", "brown", "grey"),
    hollow: [0.2, 0.6],
    size: [20, 40],
    thick: [0.1, 0.24],
  },
  design: () => ({ inside: 0.4, orientation: "free" }),
  shader({ canvas, gone, seed, base, hollow, size, thick }) {
    const [face, tone] = [cloud(seed), dice(seed)];
    const floor = shade(base.rgb, hollow);
    const soft = Math.max(0.05, canvas.unit / size);
    return (p, x, y) => {
      // Of two rectangular lattices of hexagon centres, the nearer centre.
      const [u, v] = [x / size, y / size / ROW];
      const [i, j] = [Math.round(u), Math.round(v)];
      const [k, l] = [Math.floor(u), Math.floor(v)];
      const [ax, ay] = [u - i, (v - j) * ROW];
      const [bx, by] = [u - k - 0.5, (v - l - 0.5) * ROW];
      const isFirst = ax * ax + ay * ay < bx * bx + by * by;
      const [dx, dy] = isFirst ? [Math.abs(ax), Math.abs(ay)] : [Math.abs(bx), Math.abs(by)];
      const far = Math.max(dx, 0.5 * dx + 0.8660254 * dy);
      const [cx, cy] = isFirst ? [i, j] : [k + 0.5, l + 0.5];
      const wall = smoothstep(0.5 - thick - soft, 0.5 - thick + soft, far);
      const solid = gone?.(cx * size, cy * size * ROW) ? 0.85 : wall;
      const shadow = 0.15 * (1 - solid) * tone(Math.round(cx * 2), Math.round(cy * 2));
      const light = 1 + 0.12 * face(x * 0.03, y * 0.03) + shadow;
      canvas.blend(p, 5 * solid, floor, base.rgb, solid, light, 0.05 * solid);
    };
  },
});
