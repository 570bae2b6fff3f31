import { type Canvas, eachPixel, type Pose, type Rgb, SIDE } from "../draw/canvas.js";
import { shade } from "../draw/colours.js";
import type { Random } from "../draw/random.js";
import type { Design, Family, StructureFlaw } from "../family.js";
import { drawLook, type Look, type Properties } from "./look.js";

/** Paints pixel p, which shows place (x, y) of the material and lies at (px, py) in the picture. */
export type Shader = (p: number, x: number, y: number, px: number, py: number) => void;

/** What the shader of a sample is made from. */
export interface Cut {
  readonly canvas: Canvas;
  /** Seeds what all samples of a class share, such as the noise of its surface. */
  readonly seed: number;
  /** Draws what differs between samples. */
  readonly random: Random;
  /** Whether the thread, tile or cell at a place is missing. */
  readonly gone?: StructureFlaw["gone"];
}

/** Where the middle of a texture lies that has one, in both directions. */
export const MIDDLE = 2048;

interface TextureDesign extends Partial<Omit<Design, "inside" | "paint">> {
  /** The first adjective. Default: the word of the base colour. */
  readonly word?: string;
  /** The colour below the surface, or how bright it is compared with the base colour. */
  readonly inside: Rgb | number;
}

interface TextureFamily<P> extends Omit<Family, "name" | "kind" | "design"> {
  readonly look: P & Properties;
  design(look: Look<P>, random: Random): TextureDesign;
  shader(cut: Cut & Look<P>): Shader;
}

/** Makes a family of a material that fills the picture. */
export function texture<P>(
  name: string,
  { look: properties, design, shader, ...family }: TextureFamily<P>,
): Family {
  return {
    ...family,
    name,
    kind: "texture",
    design(random) {
      const look = drawLook(random, properties);
      const seed = random.below(2 ** 30);
      const { base } = look;
      const { word = base.word, adjectives = [], inside, ...others } = design(look, random);
      return {
        orientation: "tilt",
        ...others,
        adjectives: [word, ...adjectives],
        inside: typeof inside === "number" ? shade(base.rgb, inside) : inside,
        paint(canvas, pose, samples, flaw) {
          const cut = { ...look, canvas, seed, random: samples, gone: flaw?.gone };
          fill(canvas, pose, shader(cut), flaw?.warp);
        },
      };
    },
  };
}

/** Paints the canvas's window with a material in a pose. */
export function fill(canvas: Canvas, pose: Pose, shader: Shader, warp: StructureFlaw["warp"]): void {
  const { c, s, zoom, x: x0, y: y0 } = pose;
  const shift = new Float64Array(2);
  eachPixel(canvas, canvas.window, (p, px, py) => {
    if (warp) warp(px, py, shift);
    const dx = px + shift[0] - SIDE / 2;
    const dy = py + shift[1] - SIDE / 2;
    shader(p, zoom * (c * dx - s * dy) + x0, zoom * (s * dx + c * dy) + y0, px, py);
  });
}
