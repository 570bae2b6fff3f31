import { SAMPLES, type Samples } from "../raster.js";

/** How an image stands: the value of EXIF's and TIFF's tag 274, from 1, upright, to 8. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const isOrientation = (value: unknown): value is Orientation =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 8;

/** The value as an orientation. Values that the standard does not know mean upright, as in Pillow. */
export const orientationOf = (value: unknown): Orientation => (isOrientation(value) ? value : 1);

/** Whether width and height change places. */
export const swapsAxes = (orientation: Orientation): boolean => orientation >= 5;

/** The first value of tag 274 in the first directory of a TIFF structure, which EXIF is; 1 where there is none or it is damaged. */
export function exifOrientation(bytes: Uint8Array): Orientation {
  const exif = String.fromCharCode(...bytes.subarray(0, 4)) === "Exif" ? bytes.subarray(6) : bytes;
  const view = new DataView(exif.buffer, exif.byteOffset, exif.byteLength);
  const start = /^(II\*\0|MM\0\*)/.exec(String.fromCharCode(...exif.subarray(0, 4)));
  if (!start || exif.length < 8) return 1;
  const little = exif[0] === 0x49;
  const directory = view.getUint32(4, little);
  if (directory + 2 > exif.length) return 1;
  const entries = view.getUint16(directory, little);
  for (let i = 0, at = directory + 2; i < entries && at + 12 <= exif.length; i++, at += 12) {
    if (view.getUint16(at, little) !== 274) continue;
    const type = view.getUint16(at + 2, little);
    return orientationOf(type === 4 ? view.getUint32(at + 8, little) : view.getUint16(at + 8, little));
  }
  return 1;
}

/** The image as it is to be seen. */
export function upright<T extends Samples>(image: T, orientation: Orientation): T {
  if (orientation === 1) return image;
  const { width, height, mode, data } = image;
  const swap = swapsAxes(orientation);
  const [columns, rows] = swap ? [height, width] : [width, height];
  // Which ends of the stored axes the shown rows and columns begin at.
  const fromRight = [2, 3, 7, 8].includes(orientation);
  const fromBottom = [3, 4, 6, 7].includes(orientation);
  const channels = SAMPLES[mode];
  const Data = data.constructor as new (length: number) => T["data"];
  const out = new Data(data.length);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const [across, down] = swap ? [row, column] : [column, row];
      const x = fromRight ? width - 1 - across : across;
      const y = fromBottom ? height - 1 - down : down;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c];
    }
  }
  return { ...image, width: columns, height: rows, data: out };
}
