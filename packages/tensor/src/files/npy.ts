// NumPy's .npy format, versions 1 to 3. The header is a Python dict literal; it is matched, never evaluated.
import { arrayOf, elementCount, type FileData, type FileDType, itemSize } from "./dtype.js";
import { TensorFileError } from "./error.js";
import { cutShort, fileSource } from "./source.js";
import { toRowMajor } from "./strided.js";

/** An array from a .npy file; row-major, also where the file is in Fortran order. */
export interface NpyArray {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly data: FileData;
}

/** Longest header read, in bytes. NumPy's own take 64 or a little more. */
const MAX_HEADER_BYTES = 65_536;
/** The longest header and what is before it. */
const HEAD_BYTES = 12 + MAX_HEADER_BYTES;

const DTYPES: Readonly<Record<string, FileDType>> = {
  f8: "F64",
  f4: "F32",
  f2: "F16",
  i8: "I64",
  i4: "I32",
  i2: "I16",
  i1: "I8",
  u8: "U64",
  u4: "U32",
  u2: "U16",
  u1: "U8",
  b1: "BOOL",
};

/**
 * Reads a .npy file: little-endian numbers and booleans, C or Fortran order. Node only. Throws TensorFileError.
 *
 * @example
 * const { shape, data } = await readNpy("features.npy")
 */
export async function readNpy(path: string): Promise<NpyArray> {
  await using source = await fileSource(path);
  // The header first: the size of a file that is none says nothing about what can be held.
  const head = await source.read(0, Math.min(source.size, HEAD_BYTES));
  layoutOf(head, source.size, path);
  return parseNpy(await source.read(0, source.size), path);
}

/**
 * Reads the bytes of a .npy file; object arrays (pickles) and big-endian values are refused.
 *
 * @example
 * const { dtype, shape, data } = parseNpy(bytes)
 */
export function parseNpy(bytes: Uint8Array, label = ".npy"): NpyArray {
  const { dtype, fortran, shape, start } = layoutOf(bytes, bytes.byteLength, label);
  // A copy, since values need not be aligned behind the header, and since `bytes` may be part of a larger buffer.
  const values = Uint8Array.from(bytes.subarray(start));
  const rows = fortran ? toRowMajor(values, shape, fortranStride(shape), itemSize(dtype)) : values;
  return { dtype, shape, data: new (arrayOf(dtype))(rows.buffer) };
}

/** What the header says, held against the size of the file. */
function layoutOf(head: Uint8Array, size: number, label: string) {
  const { text, start } = headerText(head, label);
  const layout = parseDict(text, label);
  const end = start + elementCount(layout.shape, label) * itemSize(layout.dtype);
  if (end > size) throw cutShort(label, end, size);
  if (end < size)
    throw new TensorFileError("offsets", `${label}: ${size - end} bytes follow the array's last value`);
  return { ...layout, start };
}

function headerText(bytes: Uint8Array, label: string): { text: string; start: number } {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (!magic.every((byte, i) => bytes[i] === byte))
    throw new TensorFileError("header", `${label}: does not start as a .npy file does`);
  const version = bytes[6];
  if (version === undefined || version < 1 || version > 3)
    throw new TensorFileError(
      "unsupported",
      `${label}: .npy version ${version}; versions 1, 2 and 3 are read`,
    );
  const lengthBytes = version === 1 ? 2 : 4;
  const headStart = 8 + lengthBytes;
  if (bytes.byteLength < headStart) throw cutShort(label, headStart, bytes.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAX_HEADER_BYTES)
    throw new TensorFileError(
      "header",
      `${label}: its header claims ${length} bytes; a plain array needs about 64; save it again with numpy.save`,
    );
  const start = headStart + length;
  if (start > bytes.byteLength) throw cutShort(label, start, bytes.byteLength);
  return { text: new TextDecoder().decode(bytes.subarray(headStart, start)), start };
}

function parseDict(text: string, label: string) {
  const descr = /'descr':\s*'([<>=|]?)([a-zA-Z]\d*)'/.exec(text);
  const fortran = /'fortran_order':\s*(True|False)/.exec(text);
  const shape = /'shape':\s*\(([\d\s,]*)\)/.exec(text);
  if (descr === null || fortran === null || shape === null)
    throw new TensorFileError("header", `${label}: its header does not describe a plain array of numbers`);
  const [, order, kind] = descr as unknown as [string, string, string];
  if (!Object.hasOwn(DTYPES, kind))
    throw new TensorFileError(
      "dtype",
      `${label}: dtype '${order}${kind}' is not read; save numbers or booleans`,
    );
  const dtype = DTYPES[kind];
  if (order === ">" && itemSize(dtype) > 1)
    throw new TensorFileError("dtype", `${label}: big-endian values; save it with .astype('<${kind}')`);
  const sizes = shape[1].split(",").map((size) => size.trim());
  if (sizes.at(-1) === "") sizes.pop();
  return {
    dtype,
    fortran: fortran[1] === "True",
    shape: sizes.map((size) => (size === "" ? Number.NaN : Number(size))),
  };
}

/** The steps along each axis of an array whose first axis moves fastest. */
function fortranStride(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(0, axis).reduce((step, size) => step * size, 1));
}
