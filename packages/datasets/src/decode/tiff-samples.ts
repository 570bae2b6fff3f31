/** How the samples of a TIFF are written. */
export interface SampleKind {
  readonly bits: number;
  readonly format: "uint" | "int" | "float";
  readonly little: boolean;
}

/** Reads the `i`-th sample of a row. */
type ReadSample = (row: DataView, i: number) => number;

/** The reader of a kind of samples; undefined where there is none. */
export function sampleReader({ bits, format, little }: SampleKind): ReadSample | undefined {
  if (format === "float") {
    if (bits === 16) return (row, i) => fromHalf(row.getUint16(2 * i, little));
    if (bits === 24) return (row, i) => fromFloat24(bytes3(row, i, little));
    if (bits === 32) return (row, i) => row.getFloat32(4 * i, little);
    return bits === 64 ? (row, i) => row.getFloat64(8 * i, little) : undefined;
  }
  const whole = wholeReader(bits, little);
  if (!whole || format === "uint") return whole;
  const half = 2 ** (bits - 1);
  return (row, i) => {
    const value = whole(row, i);
    return value >= half ? value - 2 * half : value;
  };
}

/** Whole numbers without a sign. Those that are no whole bytes are packed, high bits first, in either order of bytes. */
function wholeReader(bits: number, little: boolean): ReadSample | undefined {
  if (bits === 8) return (row, i) => row.getUint8(i);
  if (bits === 16) return (row, i) => row.getUint16(2 * i, little);
  if (bits === 24) return (row, i) => bytes3(row, i, little);
  if (bits === 32) return (row, i) => row.getUint32(4 * i, little);
  if (bits === 64) return (row, i) => Number(row.getBigUint64(8 * i, little));
  if (bits < 1 || bits > 16) return undefined;
  const byte = (row: DataView, at: number) => (at < row.byteLength ? row.getUint8(at) : 0);
  return (row, i) => {
    const at = (i * bits) >> 3;
    const held = (byte(row, at) << 16) | (byte(row, at + 1) << 8) | byte(row, at + 2);
    return (held >> (24 - ((i * bits) & 7) - bits)) & (2 ** bits - 1);
  };
}

function bytes3(row: DataView, i: number, little: boolean): number {
  const [a, b, c] = [row.getUint8(3 * i), row.getUint8(3 * i + 1), row.getUint8(3 * i + 2)];
  return little ? (c << 16) | (b << 8) | a : (a << 16) | (b << 8) | c;
}

/** A float of `1 + exponent + mantissa` bits. */
const float = (exponent: number, mantissa: number) => (value: number) => {
  const sign = value >> (exponent + mantissa) ? -1 : 1;
  const power = (value >> mantissa) & (2 ** exponent - 1);
  const part = (value & (2 ** mantissa - 1)) / 2 ** mantissa;
  const bias = 2 ** (exponent - 1) - 1;
  if (power === 2 ** exponent - 1) return part ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (power ? (1 + part) * 2 ** (power - bias) : part * 2 ** (1 - bias));
};
const fromHalf = float(5, 10);
/** TIFF's technical note 3. */
const fromFloat24 = float(7, 16);

/**
 * Undoes a predictor in a row of `channels` interleaved samples, in place: 2 sums up neighbours, 3 sums up bytes, whose planes
 * lie one after another from the highest (TIFF 6.0, section 14, and Adobe's technical note 3).
 *
 * @returns whether the predictor is one that fits the samples.
 */
export function unpredict(row: Uint8Array, predictor: number, channels: number, kind: SampleKind): boolean {
  const { bits, format, little } = kind;
  const size = bits / 8;
  if (predictor === 1) return true;
  if (predictor === 3 && format === "float") {
    for (let i = channels; i < row.length; i++) row[i] += row[i - channels];
    const planes = row.slice();
    const count = row.length / size;
    for (let i = 0; i < count; i++) {
      for (let b = 0; b < size; b++) row[i * size + (little ? size - 1 - b : b)] = planes[b * count + i];
    }
    return true;
  }
  if (predictor !== 2 || !Number.isInteger(size)) return false;
  // Bytes are summed from the lowest, each with what the one before carries.
  for (let at = channels * size; at < row.length; at += size) {
    for (let b = 0, carry = 0; b < size; b++) {
      const k = at + (little ? b : size - 1 - b);
      const sum = row[k] + row[k - channels * size] + carry;
      row[k] = sum;
      carry = sum >> 8;
    }
  }
  return true;
}
