import { anyColour, anyMetal } from "../draw/colours.js";
import { chance, pick } from "../draw/random.js";
import { both, box, circle, corners, ellipse, minus, moved, polygon, union } from "../draw/shapes.js";
import { object, part, SOLID } from "./object.js";

/** Simple flat shapes. */
export const shape = object("shape", {
  nouns: ["disc"],
  defects: [...SOLID, "hole", "dent"],
  thing(random) {
    const base = chance(random, 0.3) ? anyMetal(random) : anyColour(random);
    const r = random.between(62, 88);
    const [noun, outline] = pick(random, [
      ["disc", circle(r)],
      ["triangle", polygon(corners(3, r))],
      ["square", box(r * 0.75, r * 0.75, 3)],
      ["rectangle", box(r, r * 0.6, 4)],
      ["pentagon", polygon(corners(5, r))],
      ["hexagon", polygon(corners(6, r))],
      ["octagon", polygon(corners(8, r))],
      ["star", polygon(corners(5, r, r * 0.45))],
      ["cross", union(box(r, r * 0.28, 2), box(r * 0.28, r, 2))],
      ["ellipse", ellipse(r, r * 0.6)],
      ["half moon", minus(circle(r), circle(r * 0.85, r * 0.5, 0))],
      ["semicircle", both(circle(r), box(r, r, 0, 0, r * 0.9))],
      [
        "arrow",
        union(box(r * 0.6, r * 0.16, 0, -r * 0.3), moved(polygon(corners(3, r * 0.6)), [0, 1], r * 0.4)),
      ],
      [
        "heart",
        union(
          circle(r * 0.42, -r * 0.34, -r * 0.25),
          circle(r * 0.42, r * 0.34, -r * 0.25),
          polygon([
            [-r * 0.7, -r * 0.05],
            [r * 0.7, -r * 0.05],
            [0, r * 0.8],
          ]),
        ),
      ],
    ] as const);
    const mottle = [random.between(0.02, 0.2), random.between(5, 30), random.between(5, 30)] as const;
    const edge = chance(random, 0.5) ? { height: 4, bevel: 2 } : { height: 20, bevel: 26 };
    const gloss = random.between(0.05, 0.35);
    return {
      noun,
      base,
      adjectives: [pick(random, ["flat", "painted"])],
      inside: 1.3,
      orientation: chance(random, 0.6) ? "free" : "tilt",
      parts: [part(outline, { ...edge, gloss, mottle })],
    };
  },
});
