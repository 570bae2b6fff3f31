import { unitAt } from "../draw/maths.js";
import { grain } from "../draw/noise.js";
import { chance, type Random } from "../draw/random.js";
import { circle, ellipse, minus, moved, type Shape } from "../draw/shapes.js";
import type { StructureFlaw } from "../family.js";
import type { Part } from "./object.js";

/** The parts with a defect of their structure. */
export function flawed(parts: readonly Part[], flaw: StructureFlaw | null): readonly Part[] {
  if (!flaw) return parts;
  const { random } = flaw;
  const loose = parts.filter(({ root }) => root);
  const chosen = loose[random.below(loose.length)];
  const arms = loose.filter(isArm);
  const arm = arms[random.below(arms.length)];
  switch (flaw.kind) {
    case "missing":
      return parts.filter((part) => part !== chosen);
    case "bent":
      return arm ? reshaped(parts, bentAt(arm, random)) : reshaped(parts, warp(random));
    case "misprint":
      return reshaped(parts, misprint(random));
    case "chip":
      return reshaped(parts, ({ shape }) => minus(shape, cutOf(flaw)));
    default:
      return parts;
  }
}

/** The shape that is broken off the edge. */
export function cutOf({ at, size }: StructureFlaw): Shape {
  const ragged = grain(Math.floor(Math.abs(at[0] * 7919 + at[1] * 104729)));
  const hole = circle(size, at[0], at[1]);
  return {
    ...hole,
    distance: (x, y) => hole.distance(x, y) + 0.35 * size * ragged(x / size / 0.4, y / size / 0.4),
    radius: hole.radius * 1.4,
  };
}

/** Whether a part extends from its root far enough for a rotation to show. */
function isArm({ shape, root }: Part): boolean {
  const [dx, dy] = [shape.x - root![0], shape.y - root![1]];
  return dx * dx + dy * dy > 36;
}

type Reshape = (part: Part) => Shape;

const reshaped = (parts: readonly Part[], change: Reshape): readonly Part[] =>
  parts.map((part) => ({ ...part, shape: change(part) }));

/** Turns one part about its root. */
function bentAt(arm: Part, random: Random): Reshape {
  const [x0, y0] = arm.root!;
  const turn = unitAt((chance(random, 0.5) ? 1 : -1) * random.between(0.06, 0.14));
  return (part) => (part === arm ? moved(moved(part.shape, [1, 0], -x0, -y0), turn, x0, y0) : part.shape);
}

/** Bends the whole: one end leaves the axis along a parabola. */
function warp(random: Random): Reshape {
  const [c, s] = unitAt(random.below(2) ? 0 : 0.5);
  const start = random.between(-20, 25);
  const strength = random.between(0.006, 0.014) * (chance(random, 0.5) ? 1 : -1);
  return ({ shape }) => ({
    ...shape,
    radius: shape.radius * 1.25 + 70,
    distance: (x, y) => {
      const along = c * y - s * x;
      const past = along > start ? along - start : 0;
      return shape.distance(x + c * strength * past * past, y + s * strength * past * past);
    },
  });
}

/** Shifts what is printed, turns it as well, or leaves a part out. */
function misprint(random: Random): Reshape {
  const way = random.below(3);
  const [dx, dy] = unitAt(random.between(0, 1));
  const far = random.between(7, 16);
  const turn = unitAt((chance(random, 0.5) ? 1 : -1) * random.between(0.03, 0.09));
  const blotch = ellipse(random.between(12, 24), random.between(9, 16), dx * far, dy * far);
  return ({ shape, print }) => {
    if (!print) return shape;
    if (way === 0) return moved(shape, [1, 0], dx * far, dy * far);
    if (way === 1) return moved(shape, turn, dx * far * 0.5, dy * far * 0.5);
    return minus(shape, blotch);
  };
}
