// Every number here comes from + - * / and square roots, which IEEE 754 rounds the same on every machine. Sine, exponential and
// power differ between engines in the last bit, so nothing that is drawn uses them.

export type Point = readonly [x: number, y: number];

/** Limits `value` to [low, high]. */
export function clamp(value: number, low = 0, high = 1): number {
  return Math.min(high, Math.max(low, value));
}

/** 0 below `low`, 1 above `high`, smooth between. */
export function smoothstep(low: number, high: number, value: number): number {
  return ease(clamp((value - low) / (high - low)));
}

/** Smooth from 0 at 0 to 1 at 1, with slope 0 at both ends. */
export function ease(t: number): number {
  return t * t * (3 - 2 * t);
}

/** A smooth wave of period 1 and range [-1, 1], made of parabolas. */
export function wave(t: number): number {
  const f = fraction(t);
  return f < 0.5 ? 16 * f * (0.5 - f) : -16 * (f - 0.5) * (1 - f);
}

/** A smooth bump: 1 at 0, 0 from distance 1 on. */
export function bump(distance: number): number {
  const t = 1 - distance * distance;
  return t > 0 ? t * t : 0;
}

/** The bilinear mean of the values at the corners of a unit square: a at (0, 0), b at (1, 0), c at (0, 1), d at (1, 1). */
export function bilinear(a: number, b: number, c: number, d: number, u: number, v: number): number {
  return a + (b - a) * u + (c - a + (a - b - c + d) * u) * v;
}

/** The remainder of a division by n, never negative. */
export function modulo(a: number, n: number): number {
  return ((a % n) + n) % n;
}

/** The part of `t` above the next lower whole number. */
export function fraction(t: number): number {
  return t - Math.floor(t);
}

/** `value` squared n times. */
export function squared(value: number, n: number): number {
  for (let i = 0; i < n; i++) value *= value;
  return value;
}

/** The length of a vector. */
export function norm(x: number, y: number): number {
  return Math.sqrt(x * x + y * y);
}

/** The unit vector at twice the arc tangent of `u`: u in [-1, 1] gives the right half circle. */
export function halfTurn(u: number): Point {
  const n = 1 + u * u;
  return [(1 - u * u) / n, (2 * u) / n];
}

/** Cosine and sine of `t` full turns, to about 1e-7. */
export function unitAt(t: number): Point {
  const quarter = Math.round(t * 4);
  const a = (t - quarter / 4) * 6.283185307179586;
  const b = a * a;
  const c = 1 - (b / 2) * (1 - (b / 12) * (1 - (b / 30) * (1 - b / 56)));
  const s = a * (1 - (b / 6) * (1 - (b / 20) * (1 - (b / 42) * (1 - b / 72))));
  switch (modulo(quarter, 4)) {
    case 0:
      return [c, s];
    case 1:
      return [-s, c];
    case 2:
      return [-c, -s];
    default:
      return [s, -c];
  }
}

/** n evenly spaced unit vectors, the first pointing up. */
export function directions(n: number): Point[] {
  return Array.from({ length: n }, (_, i) => {
    const [c, s] = unitAt(i / n);
    return [s, -c] as const;
  });
}

/** Rotates a vector by the angle with this cosine and sine. */
export function turned([c, s]: Point, x: number, y: number): Point {
  return [c * x - s * y, s * x + c * y];
}
