import { type Canvas, eachPixel, type Pose, type Rgb, SIDE } from "../draw/canvas.js";
import type { Random } from "../draw/random.js";
import type { Design, Family, StructureFlaw } from "../family.js";

/** Paints pixel p, which shows place (x, y) of the material and lies at (px, py) in the picture. */
export type Shader = (p: number, x: number, y: number, px: number, py: number) => void;

/** What the shader of a sample is made from. */
export interface Cut {
  readonly canvas: Canvas;
  /** Draws what differs between samples. */
  readonly random: Random;
  /** Whether the thread, tile or cell at a place is missing. */
  readonly gone?: (x: number, y: number) => boolean;
}

/** A class of a material. */
export interface Material {
  readonly noun?: string;
  readonly adjectives: readonly string[];
  readonly inside: Rgb;
  readonly orientation?: Design["orientation"];
  readonly grey?: boolean;
  shader(cut: Cut): Shader;
  /** For a material that does not fill the picture: the approximate distance of a place from it, negative inside. */
  outline?(x: number, y: number): number;
}

export interface TextureFamily extends Omit<Family, "kind" | "design"> {
  material(random: Random): Material;
}

/** Makes a family of a material that fills the picture. */
export function texture(family: TextureFamily): Family {
  return {
    ...family,
    kind: "texture",
    design(random) {
      const material = family.material(random);
      return {
        ...material,
        orientation: material.orientation ?? "tilt",
        paint(canvas, pose, samples, flaw) {
          const shader = material.shader({ canvas, random: samples, ...(flaw?.gone && { gone: flaw.gone }) });
          fill(canvas, pose, shader, flaw?.warp);
        },
      };
    },
  };
}

/** Paints the canvas's window with a material in a pose. */
export function fill(
  canvas: Canvas,
  { c, s, zoom, x: x0, y: y0 }: Pose,
  shader: Shader,
  warp: StructureFlaw["warp"],
): void {
  const shift = new Float64Array(2);
  eachPixel(canvas, canvas.window, (p, px, py) => {
    if (warp) warp(px, py, shift);
    const dx = px + shift[0] - SIDE / 2;
    const dy = py + shift[1] - SIDE / 2;
    shader(p, zoom * (c * dx - s * dy) + x0, zoom * (s * dx + c * dy) + y0, px, py);
  });
}
