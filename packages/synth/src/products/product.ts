import { DatasetError, type Raster } from "@inctrl/datasets";
import { checkSample } from "../check.js";
import type { DefectKind } from "../defects.js";
import { Canvas, eachPixel, mark, type Rgb, whole } from "../draw/canvas.js";
import type { Point } from "../draw/maths.js";
import { chance, hash, hashText, Random } from "../draw/random.js";
import { blob, type Field } from "../draw/strokes.js";
import { drag } from "../draw/structure.js";
import { fill } from "../textures/texture.js";
import { drawProductPhoto, photographProduct, REACH } from "./camera.js";
import { drawDefect, type SurfaceDefect } from "./defects.js";
import {
  concrete,
  fabric,
  leather,
  type MaterialOptions,
  mesh,
  metal,
  nut,
  type PosedShader,
  wood,
} from "./materials.js";

/** Defects of the weave. */
type WeaveDefect = "misweave" | "pull";

interface Material {
  readonly draw: (options: MaterialOptions) => PosedShader;
  readonly defects: readonly (SurfaceDefect | WeaveDefect)[];
  /** The colour below the surface. */
  readonly inside: Rgb;
  /** Nearest and farthest distance of a defect from the centre of the picture. Default 0 to 75. */
  readonly ring?: Point;
}

const MATERIALS = {
  concrete: { draw: concrete, defects: ["crack", "hole", "stain", "scratch"], inside: [0.66, 0.65, 0.62] },
  fabric: {
    draw: fabric,
    defects: ["misweave", "pull", "hole", "stain", "contamination"],
    inside: [0.66, 0.67, 0.68],
  },
  leather: {
    draw: leather,
    defects: ["scratch", "hole", "stain", "dent", "contamination"],
    inside: [0.8, 0.62, 0.48],
  },
  mesh: { draw: mesh, defects: ["pull", "misweave", "contamination", "stain"], inside: [0.3, 0.3, 0.3] },
  metal: {
    draw: metal,
    defects: ["scratch", "dent", "stain", "hole", "contamination"],
    inside: [0.85, 0.86, 0.88],
  },
  nut: {
    draw: nut,
    defects: ["scratch", "dent", "crack", "stain", "contamination"],
    inside: [0.8, 0.8, 0.8],
    ring: [50, 68],
  },
  wood: { draw: wood, defects: ["scratch", "hole", "stain", "crack", "dent"], inside: [0.83, 0.7, 0.52] },
} as const satisfies Readonly<Record<string, Material>>;

/** A class of products that this package can draw. */
export type ProceduralClass = keyof typeof MATERIALS;

/**
 * The classes by name, each with its kinds of defects. Pretraining never sees them: no caption of `drawCaptioned` names one, though
 * similar materials occur under other nouns.
 */
export const proceduralClasses: Readonly<Record<ProceduralClass, readonly DefectKind[]>> = Object.fromEntries(
  Object.entries(MATERIALS).map(([name, { defects }]) => [name, defects]),
) as unknown as Readonly<Record<ProceduralClass, readonly DefectKind[]>>;

export interface ProductOptions {
  readonly class: ProceduralClass;
  /** An integer; another seed is another piece of the same kind of material. Default 0. */
  readonly seed?: number;
  /** The sample's number. Default 0. */
  readonly index?: number;
  /** A kind of defect of the class, or null for a good sample. Default null. */
  readonly defect?: DefectKind | null;
  /** Pixels a side. Default 240; the layout is the same at any size. */
  readonly size?: number;
}

export interface Product {
  readonly image: Raster;
  /** 255 where the defect changed the picture, else 0: a byte a pixel. Elsewhere it equals the good sample. */
  readonly mask: Uint8Array;
  readonly defect: DefectKind | null;
}

/**
 * Draws a photograph of a textured product, good or with one defect. The same arguments give the same bytes on every machine.
 *
 * @throws DatasetError `bad-argument` for an unknown class or defect, or a number out of range
 * @example
 * const { image, mask } = drawProduct({ class: "leather", index: 3, defect: "scratch" });
 */
export function drawProduct(options: ProductOptions): Product {
  const { seed = 0, index = 0, defect = null, size = 240 } = options;
  const material = materialOf(options.class);
  checkSample(seed, index, size);
  if (!has(material, defect)) {
    const message = `no defect "${defect}" for ${options.class}; choose one of ${material.defects.join(", ")}`;
    throw new DatasetError("bad-argument", message);
  }
  const classSeed = hash(seed, hashText(options.class), 1) >>> 1;
  const random = new Random(hash(classSeed, index, 2));
  // Defects have a random stream of their own, so that a sample with a defect equals the good sample elsewhere.
  const flaw = new Random(hash(classSeed, index, 3));
  const at = place(flaw, material.ring);
  const photo = drawProductPhoto(random);
  const canvas = new Canvas(size);
  const weave = defect === "misweave" || defect === "pull" ? weaveFlaw(defect, at, flaw) : undefined;
  const { pose, shader } = material.draw({ canvas, classSeed, random, gone: weave?.gone });
  fill(canvas, pose, shader, weave?.warp);
  const mask = new Uint8Array(size * size);
  if (weave) markTouched(canvas, mask, (_, x, y) => weave.field(x, y));
  else if (defect) {
    const touched = drawDefect(canvas, defect as SurfaceDefect, at, flaw, material.inside);
    markTouched(canvas, mask, (p) => touched[p]);
  }
  const data = photographProduct(canvas, photo);
  return { image: { width: size, height: size, mode: "RGB", data }, mask, defect };
}

function has(material: Material, defect: DefectKind | null): defect is SurfaceDefect | WeaveDefect | null {
  return defect === null || material.defects.some((kind) => kind === defect);
}

function materialOf(name: string): Material {
  if (Object.hasOwn(MATERIALS, name)) return MATERIALS[name as ProceduralClass];
  const known = Object.keys(MATERIALS).join(", ");
  throw new DatasetError("bad-argument", `no procedural class "${name}"; choose one of ${known}`);
}

function place(random: Random, ring?: Point): Point {
  const [x, y] = random.direction();
  const far = random.between(...(ring ?? ([0, 75] as const)));
  return [120 + x * far, 120 + y * far];
}

interface WeaveFlaw {
  /** Positive where the weave is disturbed. */
  readonly field: Field;
  readonly gone?: (x: number, y: number) => boolean;
  readonly warp?: (x: number, y: number, out: Float64Array) => void;
}

/** A `misweave` lacks the upright threads of a few crossings; a `pull` drags threads to one side. */
function weaveFlaw(kind: WeaveDefect, at: Point, random: Random): WeaveFlaw {
  if (kind === "misweave") {
    const field = blob(at, random.between(9, 17), 0.35, random);
    return { field, gone: (x, y) => field(x, y) > 0 };
  }
  const length = random.between(26, 48);
  const width = random.between(11, 17);
  const by = random.between(7, 12) * (chance(random, 0.5) ? 1 : -1);
  return drag(at, { upright: chance(random, 0.5), length, width, by, aside: 0 });
}

/** Marks every pixel within `REACH` of a touched one, which is as far as light and lens carry a change. */
function markTouched(
  canvas: Canvas,
  mask: Uint8Array,
  strength: (p: number, x: number, y: number) => number,
): void {
  const { size } = canvas;
  eachPixel(canvas, canvas.window, (p, x, y) => {
    if (strength(p, x, y) > 0) mark(mask, size, p % size, Math.floor(p / size), REACH, whole(size));
  });
}
