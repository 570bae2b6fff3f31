import type { DefectKind } from "../defects.js";
import type { StructureFlaw } from "../family.js";
import { boxAround, type Canvas, onPiece, type Pose, type Window, windowOf } from "./canvas.js";
import type { FlawPlan } from "./flaws.js";
import type { Point } from "./maths.js";
import { chance } from "./random.js";
import { blob, type Field, oval } from "./strokes.js";

/** Plans a defect of the structure of a texture or object. @returns it with the part of the picture that it may change. */
export function structureFlaw(
  canvas: Canvas,
  kind: DefectKind,
  isTexture: boolean,
  pose: Pose,
  { at, random, strength, size }: FlawPlan,
): { flaw: StructureFlaw; window: Window } {
  const place = onPiece(pose, at[0], at[1]);
  if (!isTexture) {
    const flaw = {
      kind,
      at: place,
      size: size * random.between(10, 20) * (kind === "chip" ? Math.min(1.3, 0.6 + 0.4 * strength) : 1),
      random,
    };
    // Only a chip, with its part of the shadow, has known bounds.
    const area = boxAround(at, 1.5 * flaw.size + 26);
    return { flaw, window: kind === "chip" ? windowOf(area, canvas.unit, canvas.window) : canvas.window };
  }
  if (kind === "pull" || (kind === "misprint" && chance(random, 0.5))) {
    const upright = chance(random, 0.5);
    const length = size * random.between(30, 55);
    const width = size * random.between(13, 24);
    const by = strength * random.between(7, 14) * (chance(random, 0.5) ? 1 : -1);
    const { warp } = drag(at, { upright, length, width, by, aside: 0.2 });
    const flaw: StructureFlaw = { kind, at: place, size: length, random, warp };
    return { flaw, window: windowOf(boxAround(at, Math.max(length, width)), canvas.unit, canvas.window) };
  }
  const radius = size * (kind === "missing" ? random.between(18, 34) : random.between(10, 24));
  const field = blob(place, radius, 0.3, random);
  const flaw = { kind, at: place, size: radius, random, gone: (x: number, y: number) => field(x, y) > 0 };
  // A missing tile extends beyond the places where the field is positive.
  const reach = radius * 2.4 + (kind === "missing" ? 60 : 0);
  return { flaw, window: windowOf(boxAround(at, reach / pose.zoom), canvas.unit, canvas.window) };
}

interface Drag {
  /** Whether the long side of the oval is upright. */
  readonly upright: boolean;
  /** Half sides of the oval. */
  readonly length: number;
  readonly width: number;
  /** The shift in the middle, across the long side, in layout units. */
  readonly by: number;
  /** The share of it that is shifted along the long side. */
  readonly aside: number;
}

/** Drags the layout to one side within an oval. @returns the strength at a place, and the shift there. */
export function drag(
  at: Point,
  { upright, length, width, by, aside }: Drag,
): { field: Field; warp: NonNullable<StructureFlaw["warp"]> } {
  const field = oval(at, upright ? [0, 1] : [1, 0], length, width);
  return {
    field,
    warp: (x, y, out) => {
      const shift = by * field(x, y);
      out[0] = upright ? shift : shift * aside;
      out[1] = upright ? shift * aside : shift;
    },
  };
}
