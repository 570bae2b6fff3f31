import type { Augmentation, View } from "@inctrl/detect";

type Pixels = Pick<View, "width" | "height" | "pixels">;

/** The value of a channel at a place of the source, which may lie between pixels. */
type Sampler = (view: Pixels, x: number, y: number, channel: number) => number;

/** A matrix that maps output to input positions, row by row, in units of half a side from the middle. */
type Matrix = readonly [number, number, number, number, number, number];

const rotation = (degrees: number): Matrix => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [cos, -sin, 0, sin, cos, 0];
};

const ANGLES = [-45, -33.75, -22.5, -11.25, 11.25, 22.5, 33.75, 45];

const SHIFTS = [0.2, 0.1].flatMap((far) => [
  [far, far],
  [-far, far],
  [-far, -far],
  [far, -far],
]);

/** Quarter turns counter-clockwise, and the mirror: exact places of the source. */
const placed =
  (place: (x: number, y: number, size: Pixels) => readonly [number, number]) =>
  (view: View): View =>
    remade(view, (source, x, y, channel) => {
      const [column, row] = place(x, y, source);
      return source.pixels[3 * (row * source.width + column) + channel];
    });

/** Every variant but the first, which is the view itself. */
const VARIANTS: readonly ((view: View) => View)[] = [
  ...ANGLES.map((degrees) => (view: View) => warped(view, rotation(degrees))),
  ...SHIFTS.map(
    ([a, b]) =>
      (view: View) =>
        warped(view, [1, 0, a, 0, 1, b]),
  ),
  placed((x, y, { width }) => [width - 1 - x, y]),
  (view) => remade(view, grey),
  placed((x, y, { width }) => [width - 1 - y, x]),
  placed((x, y, { width, height }) => [width - 1 - x, height - 1 - y]),
  placed((x, y, { height }) => [y, height - 1 - x]),
];

/**
 * RegAD's 22 variants of a prompt: turned by up to 45 degrees in steps of 11.25, shifted by a tenth and a twentieth of its sides,
 * mirrored, grey, in quarter turns. Views are squares.
 */
export const REGISTRATION_VARIANTS: Augmentation = {
  name: "regad",
  count: VARIANTS.length + 1,
  variant: (view, number) => (number === 0 ? view : VARIANTS[number - 1](view)),
};

/** A view of values between whole ones. */
function remade(view: View, sample: Sampler): View {
  const { width, height } = view;
  const pixels = new Float32Array(3 * width * height);
  for (let i = 0; i < pixels.length; i++) {
    const place = Math.floor(i / 3);
    pixels[i] = sample(view, place % width, Math.floor(place / width), i % 3);
  }
  return { ...view, pixels };
}

const grey: Sampler = ({ width, pixels }, x, y) => {
  const at = 3 * (y * width + x);
  return 0.299 * pixels[at] + 0.587 * pixels[at + 1] + 0.114 * pixels[at + 2];
};

/** Bilinear, mirrored beyond the edges, as `gridSample` has it. */
function warped(view: View, [a, b, c, d, e, f]: Matrix): View {
  const centre = (i: number, size: number) => (2 * i + 1) / size - 1;
  return remade(view, ({ width, height, pixels }, x, y, channel) => {
    const [u, v] = [centre(x, width), centre(y, height)];
    const [fromX, fromY] = [inside(a * u + b * v + c, width), inside(d * u + e * v + f, height)];
    const [left, top] = [Math.floor(fromX), Math.floor(fromY)];
    const [right, bottom] = [Math.min(left + 1, width - 1), Math.min(top + 1, height - 1)];
    const at = (row: number, column: number) => pixels[3 * (row * width + column) + channel];
    const upper = at(top, left) + (fromX - left) * (at(top, right) - at(top, left));
    const lower = at(bottom, left) + (fromX - left) * (at(bottom, right) - at(bottom, left));
    return upper + (fromY - top) * (lower - upper);
  });
}

/** The pixel that a position from -1 to 1 is, mirrored at the edges. */
function inside(at: number, size: number): number {
  const away = Math.abs(((at + 1) * size) / 2) % (2 * size);
  return Math.min(Math.max(Math.min(away, 2 * size - away) - 0.5, 0), size - 1);
}
