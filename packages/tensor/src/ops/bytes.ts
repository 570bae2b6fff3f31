import { tensor } from "../create.js";
import { check } from "../errors.js";
import {
  bytePlanesKernel,
  resizeAcrossKernel,
  resizeDownKernel,
  type SampleVariant,
  WEIGHT_BITS,
} from "../kernels/bytes.js";
import { checkWhole, formatShape, sizeOf } from "../shape.js";
import { Tensor } from "../tensor.js";
import { defineOp } from "./define.js";
import { launch } from "./launch.js";
import { FLAG } from "./options.js";
import { generate } from "./reference.js";

/**
 * What the outputs of an axis are sums of: output i takes `counts[i]` samples from `starts[i]` on, weighted by `weights` from
 * `i * stride` on, in units of 2^-22. Weights of an output that add up to less than 1.9, signs aside, cannot overflow.
 */
export interface FixedTaps {
  readonly starts: Int32Array;
  readonly counts: Int32Array;
  readonly weights: Int32Array;
  readonly stride: number;
}

export interface ResizeBytesOptions {
  /** The picture's size. */
  width: number;
  height: number;
  /** Samples of a pixel: gray, gray and alpha, RGB, or RGBA. */
  channels: number;
  /** Whether the last sample is alpha, which colours are multiplied by before they are summed and divided by afterwards. Default false. */
  alpha?: boolean;
  /** What each column is made of, and each row. */
  across: FixedTaps;
  down: FixedTaps;
}

const COUNT = { holds: (value: unknown) => typeof value === "number", words: "a whole number" };
const TAPS = {
  holds: (value: unknown) =>
    ["starts", "counts", "weights"].every((key) => Object(value)[key] instanceof Int32Array),
  words: "taps, { starts, counts, weights, stride }",
};

/**
 * A picture of bytes resized by weighted sums, across and then down, each rounded to bytes as Pillow does: exact, on every device.
 *
 * @param x the picture's bytes as `packBytes` gives them, rows from the top, samples interleaved.
 * @returns pixels, [rows, columns] uint32: red, green and blue from the lowest byte up. Gray is in all three.
 * @throws TensorError `shape` for bytes that are not so many pixels, `argument` for taps that leave the picture.
 * @example const pixels = resizeBytes(packBytes(device, rgb), { width: 640, height: 480, channels: 3, across, down });
 */
export const resizeBytes = defineOp("resizeBytes", {
  check: (x: Tensor, options: ResizeBytesOptions) => {
    const { width, height, channels, alpha = false, across, down } = options;
    checkWhole("resizeBytes: width, height", [width, height], 1);
    checkWhole("resizeBytes: channels", channels, 1, 4);
    const words = Math.ceil((width * height * channels) / 4);
    check(
      x.size === words,
      "shape",
      () =>
        `resizeBytes: x is ${formatShape(x.shape)}, and ${width} x ${height} pixels of ${channels} bytes are [${words}]; give all bytes by packBytes`,
    );
    check(
      !alpha || channels % 2 === 0,
      "argument",
      () => `resizeBytes: ${channels} channels have no alpha; leave alpha out, or give 2 or 4`,
    );
    checkTaps("across", across, width);
    checkTaps("down", down, height);
    return { x, width, height, channels: channels as SampleVariant["channels"], alpha, across, down };
  },
  options: {
    at: 1,
    takes: { width: COUNT, height: COUNT, channels: COUNT, alpha: FLAG, across: TAPS, down: TAPS },
  },
  takes: ["uint32"],
  shape: ({ across, down }) => [down.starts.length, across.starts.length],
  dtype: () => "uint32",
  kernel: ({ x, width, channels, alpha, across, down }, out) => {
    const columns = across.starts.length;
    const [top, bottom] = rowsOf(down);
    const rows = Tensor.empty(x.device, [bottom - top, columns], "uint32");
    launch({
      kernel: resizeAcrossKernel({ channels, alpha }),
      tensors: { bytes: x, taps: tableOf(x, across), out: rows },
      uniforms: { width, top, stride: foursOf(across) },
      over: [bottom - top, columns],
    });
    return {
      kernel: resizeDownKernel({ alpha }),
      tensors: { rows, taps: tableOf(x, down) },
      uniforms: { top, stride: foursOf(down) },
      over: [out.shape[0], columns],
    };
  },
  vjp: null,
  reference: ({ x, width, channels, alpha, across, down }) => {
    const byte = (at: number) => Math.floor(x.values[Math.floor(at / 4)] / 256 ** (at % 4)) % 256;
    const pixel = (row: number, column: number): number[] => {
      const own = Array.from({ length: channels }, (_, c) => byte((row * width + column) * channels + c));
      const colours = channels < 3 ? [own[0], own[0], own[0]] : own.slice(0, 3);
      const last = channels % 2 === 0 ? own[channels - 1] : 0;
      return [...colours.map((v) => (alpha ? Math.round((v * last) / 255) : v)), last];
    };
    const summed = ({ starts, counts, weights, stride }: FixedTaps, i: number, of: (k: number) => number) => {
      let sum = 0;
      for (let k = 0; k < counts[i]; k++) sum += weights[i * stride + k] * of(starts[i] + k);
      return Math.min(255, Math.max(0, Math.floor(sum / 2 ** WEIGHT_BITS + 0.5)));
    };
    const [top, bottom] = rowsOf(down);
    const rows = Array.from({ length: bottom - top }, (_, y) =>
      Array.from(across.starts, (_, i) =>
        [0, 1, 2, 3].map((c) => summed(across, i, (column) => pixel(top + y, column)[c])),
      ),
    );
    return generate([down.starts.length, across.starts.length], ([y, i]) => {
      const sums = [0, 1, 2, 3].map((c) => summed(down, y, (row) => rows[row - top][i][c]));
      const weighed = alpha && sums[3] > 0;
      const colour = (v: number) => (weighed ? Math.min(255, Math.floor((255 * v) / sums[3])) : v);
      return colour(sums[0]) + 256 * colour(sums[1]) + 65536 * colour(sums[2]) + 2 ** 24 * sums[3];
    });
  },
});

/** Rows of the picture that are looked at: the first, and the one after the last. */
const rowsOf = ({ starts, counts }: FixedTaps): [top: number, bottom: number] => [
  starts.reduce((least, start) => Math.min(least, start), Number.POSITIVE_INFINITY),
  starts.reduce((most, start, i) => Math.max(most, start + counts[i]), 0),
];

/** Fours of values in a row of `tableOf`. */
const foursOf = ({ stride }: FixedTaps): number => 1 + Math.ceil(stride / 4);

/** Taps as kernels read them: a row for each output, of its first sample, the number of fours of weights, and these. */
function tableOf({ device }: Tensor, taps: FixedTaps): Tensor {
  const { starts, counts, weights, stride } = taps;
  const length = 4 * foursOf(taps);
  const table = new Int32Array(starts.length * length);
  for (let i = 0; i < starts.length; i++) {
    table[i * length] = starts[i];
    table[i * length + 1] = Math.ceil(counts[i] / 4);
    table.set(weights.subarray(i * stride, i * stride + counts[i]), i * length + 4);
  }
  return tensor(device, table);
}

function checkTaps(name: string, { starts, counts, weights, stride }: FixedTaps, size: number): void {
  const within = (start: number, i: number) =>
    start >= 0 && counts[i] >= 0 && counts[i] <= stride && start + counts[i] <= size;
  check(
    starts.length > 0 &&
      counts.length === starts.length &&
      weights.length === starts.length * stride &&
      starts.every(within),
    "argument",
    () =>
      `resizeBytes: ${name} has ${starts.length} outputs that do not all lie within ${size} samples; give taps of this picture`,
  );
}

/**
 * Planes of pixels: each byte looked up in the table of its plane, as when pixels are normalised.
 *
 * @param x pixels, [..., height, width] uint32, with plane c in byte c.
 * @param table [planes, 256], one to four planes.
 * @returns [..., planes, height, width].
 * @throws TensorError `shape` for pixels without two axes or another table.
 * @example bytePlanes(resizeBytes(bytes, options), table); // [3, 240, 240]
 */
export const bytePlanes = defineOp("bytePlanes", {
  check: (x: Tensor, table: Tensor) => {
    check(
      x.rank >= 2,
      "shape",
      () => `bytePlanes: ${formatShape(x.shape)} is no picture; give [..., height, width]`,
    );
    check(
      table.rank === 2 && table.shape[0] >= 1 && table.shape[0] <= 4 && table.shape[1] === 256,
      "shape",
      () =>
        `bytePlanes: the table is ${formatShape(table.shape)}; give [planes, 256], with one to four planes`,
    );
    return { x, table };
  },
  takes: { x: ["uint32"], table: ["float32"] },
  shape: ({ x, table }) => [...x.shape.slice(0, -2), table.shape[0], ...x.shape.slice(-2)],
  kernel: ({ x, table }, out) => ({
    kernel: bytePlanesKernel(),
    tensors: { x, table },
    uniforms: { planes: table.shape[0] },
    over: [sizeOf(out.shape.slice(0, -2)), sizeOf(out.shape.slice(-2))],
  }),
  reference: ({ x, table }) => {
    const [planes] = table.shape;
    const plane = sizeOf(x.shape.slice(-2));
    return generate([sizeOf(x.shape) / plane || 0, planes, plane], ([image, c, i]) => {
      const byte = Math.floor(x.values[image * plane + i] / 256 ** c) % 256;
      return table.values[256 * c + byte];
    });
  },
});
