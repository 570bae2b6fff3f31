/* Functions in float64 that JavaScript's Math lacks, for references. */

/** As in C: 1 to any power is 1, and -1 to an infinite one. */
export function power(a: number, b: number): number {
  return a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b;
}

export function sigmoidReference(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** Halves go to the even neighbour. */
export function roundToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** The error function: its Maclaurin series, all terms of one sign, below 6; 1 from there. */
export function erfReference(x: number): number {
  const a = Math.abs(x);
  if (!(a < 6)) return Math.sign(x);
  let term = (2 / Math.sqrt(Math.PI)) * a * Math.exp(-a * a);
  let sum = term;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    sum += term;
  }
  return Math.sign(x) * sum;
}
