import { clamp, directions, norm, type Point } from "./maths.js";

// Shapes as signed distances, negative inside, by the well-known formulas for 2-D primitives. A distance is exact or too small, with
// slope 1 at the edge; soft edges and bevels need no more.

/** The distance to a shape's edge, negative inside, and a circle around the shape. */
export interface Shape {
  readonly distance: (x: number, y: number) => number;
  /** The circle's centre. */
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export function circle(r: number, x0 = 0, y0 = 0): Shape {
  return { distance: (x, y) => norm(x - x0, y - y0) - r, x: x0, y: y0, radius: r };
}

/** An ellipse with half axes a and b. */
export function ellipse(a: number, b: number, x0 = 0, y0 = 0): Shape {
  const least = Math.min(a, b);
  return {
    distance: (x, y) => {
      const [u, v] = [(x - x0) / a, (y - y0) / b];
      const k = norm(u, v);
      const g = norm(u / a, v / b);
      return g > 0 ? (k * (k - 1)) / g : -least;
    },
    x: x0,
    y: y0,
    radius: Math.max(a, b),
  };
}

/** A box with half sides a and b and rounded corners. */
export function box(a: number, b: number, round = 0, x0 = 0, y0 = 0): Shape {
  return {
    distance: (x, y) => {
      const dx = Math.abs(x - x0) - a + round;
      const dy = Math.abs(y - y0) - b + round;
      const outside = dx > 0 && dy > 0 ? norm(dx, dy) : Math.max(dx, dy);
      return outside - round;
    },
    x: x0,
    y: y0,
    radius: norm(a, b),
  };
}

/** A line from one point to another, `r` thick to each side, narrowing to `end`. */
export function bar([x0, y0]: Point, [x1, y1]: Point, r: number, end = r): Shape {
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy || 1;
  return {
    distance: (x, y) => {
      const t = clamp(((x - x0) * dx + (y - y0) * dy) / length);
      return norm(x - x0 - t * dx, y - y0 - t * dy) - (r + (end - r) * t);
    },
    x: (x0 + x1) / 2,
    y: (y0 + y1) / 2,
    radius: norm(dx, dy) / 2 + Math.max(r, end),
  };
}

/** Lines through all points, `r` thick to each side. */
export function polyline(points: readonly Point[], r: number): Shape {
  return union(...points.slice(1).map((to, i) => bar(points[i], to, r)));
}

/** A closed polygon. */
export function polygon(points: readonly Point[]): Shape {
  const n = points.length;
  const xs = Float64Array.from(points, ([x]) => x);
  const ys = Float64Array.from(points, ([, y]) => y);
  return {
    distance: (x, y) => {
      let least = Number.POSITIVE_INFINITY;
      let inside = false;
      for (let i = 0, j = n - 1; i < n; j = i++) {
        const [ex, ey] = [xs[j] - xs[i], ys[j] - ys[i]];
        const [wx, wy] = [x - xs[i], y - ys[i]];
        const t = clamp((wx * ex + wy * ey) / (ex * ex + ey * ey));
        const [bx, by] = [wx - ex * t, wy - ey * t];
        least = Math.min(least, bx * bx + by * by);
        if (ys[i] > y !== ys[j] > y && wx < (ex * wy) / ey) inside = !inside;
      }
      return inside ? -Math.sqrt(least) : Math.sqrt(least);
    },
    ...around(points.map(([x, y]) => ({ x, y, radius: 0 }))),
  };
}

/** The corners of a regular polygon, or of a star where `inner` is less than `outer`; the first at the top. */
export function corners(n: number, outer: number, inner = outer): Point[] {
  const spokes = directions(2 * n);
  const all = spokes.map(([x, y], i): Point => (i % 2 ? [x * inner, y * inner] : [x * outer, y * outer]));
  return inner === outer ? all.filter((_, i) => i % 2 === 0) : all;
}

export function union(...shapes: readonly Shape[]): Shape {
  if (shapes.length === 1) return shapes[0];
  const n = shapes.length;
  const circles = Float64Array.from(shapes.flatMap(({ x, y, radius }) => [x, y, radius]));
  const first = shapes[0];
  return {
    ...around(shapes),
    distance: (x, y) => {
      let least = first.distance(x, y);
      for (let i = 1; i < n; i++) {
        const within = least + circles[3 * i + 2];
        if (within <= 0) continue;
        const [dx, dy] = [x - circles[3 * i], y - circles[3 * i + 1]];
        // A shape is no nearer than the circle around it.
        if (dx * dx + dy * dy > within * within) continue;
        const d = shapes[i].distance(x, y);
        if (d < least) least = d;
      }
      return least;
    },
  };
}

/** A circle around all circles. */
function around(circles: readonly Circle[]): Circle {
  const left = Math.min(...circles.map(({ x, radius }) => x - radius));
  const right = Math.max(...circles.map(({ x, radius }) => x + radius));
  const top = Math.min(...circles.map(({ y, radius }) => y - radius));
  const bottom = Math.max(...circles.map(({ y, radius }) => y + radius));
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  return { x, y, radius: Math.max(...circles.map((each) => norm(each.x - x, each.y - y) + each.radius)) };
}

type Circle = Omit<Shape, "distance">;

/** `from` without the area of the others. */
export function minus(from: Shape, ...cuts: readonly Shape[]): Shape {
  return {
    ...from,
    distance: (x, y) => {
      let most = from.distance(x, y);
      for (const cut of cuts) most = Math.max(most, -cut.distance(x, y));
      return most;
    },
  };
}

export function both(a: Shape, b: Shape): Shape {
  return {
    ...(a.radius < b.radius ? a : b),
    distance: (x, y) => Math.max(a.distance(x, y), b.distance(x, y)),
  };
}

/** The shape rotated about the origin by the angle with this cosine and sine, then shifted. */
export function moved(shape: Shape, [c, s]: Point, x0 = 0, y0 = 0): Shape {
  return {
    distance: (x, y) => {
      const [dx, dy] = [x - x0, y - y0];
      return shape.distance(c * dx + s * dy, c * dy - s * dx);
    },
    x: c * shape.x - s * shape.y + x0,
    y: s * shape.x + c * shape.y + y0,
    radius: shape.radius,
  };
}

/** A wheel with n teeth: distance to the tip circle outside, roots at `inner`. */
export function toothed(n: number, outer: number, inner: number, width = 0.5): Shape {
  const teeth = directions(n);
  const half = (Math.min(0.9, width) * Math.PI * outer) / n;
  const reach = outer * 1.05;
  const tooth = union(
    ...teeth.map(([x, y]) =>
      bar(
        [x * inner * 0.8, y * inner * 0.8],
        [x * (reach - half), y * (reach - half)],
        half * 1.25,
        half * 0.85,
      ),
    ),
  );
  const hub = circle(inner);
  return {
    distance: (x, y) => {
      const core = hub.distance(x, y);
      // Far inside or outside, no tooth is nearer than this bound.
      if (core < -4 || core > outer - inner + 8) return core < 0 ? core : core - (outer - inner) - 2;
      return Math.min(core, tooth.distance(x, y));
    },
    x: 0,
    y: 0,
    radius: outer * 1.1,
  };
}
