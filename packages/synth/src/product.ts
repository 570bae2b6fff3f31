import { DatasetError, type Raster } from "@inctrl/datasets";
import { checkSample } from "./check.js";
import {
  applyDefect,
  type DefectKind,
  type Inside,
  type SurfaceDefect,
  type WeaveDefect,
  weaveDefect,
} from "./defects.js";
import { type Brush, concrete, fabric, leather, mesh, metal, nut, wood } from "./materials.js";
import { hash, Random } from "./noise.js";
import { drawLighting, eachPixel, photograph, REACH, type Surface } from "./surface.js";
import { textSeed } from "./text-seed.js";

interface Material {
  readonly draw: (brush: Brush) => Surface;
  readonly defects: readonly (SurfaceDefect | WeaveDefect)[];
  /** The colour below the surface. */
  readonly inside: Inside;
  /** Defects lie this far from the centre of the picture: on the face of a product, anywhere on a material. */
  readonly ring?: readonly [number, number];
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
 * The classes by name, each with the kinds of defects it is drawn with. They are kept from pretraining: no caption of
 * `drawCaptioned` names one, though similar materials occur under other nouns.
 */
export const proceduralClasses: Readonly<Record<ProceduralClass, readonly DefectKind[]>> = Object.fromEntries(
  Object.entries(MATERIALS).map(([name, { defects }]) => [name, defects]),
) as unknown as Readonly<Record<ProceduralClass, readonly DefectKind[]>>;

export interface ProductOptions {
  readonly class: ProceduralClass;
  /** An integer; another seed is another piece of the same kind of material. Default 0. */
  readonly seed?: number;
  /** Which sample. Default 0. */
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
 * Draws a textured product as a camera would see it, good or with one defect; the same arguments give the same
 * bytes on every machine.
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
  const classSeed = hash(seed, textSeed(options.class), 1) >>> 1;
  const random = new Random(hash(classSeed, index, 2));
  // A stream of its own, so that a sample with a defect is the good sample elsewhere.
  const flaw = new Random(hash(classSeed, index, 3));
  const at = place(flaw, material.ring);
  const lighting = drawLighting(random);
  const brush = { size, classSeed, random };

  let drawn: Surface;
  let touched: Float32Array | undefined;
  if (defect === "misweave" || defect === "pull") {
    const { bend, field } = weaveDefect(defect satisfies WeaveDefect, at, flaw);
    drawn = material.draw({ ...brush, bend });
    touched = new Float32Array(size * size);
    eachPixel(size, (p, x, y) => {
      touched![p] = field(x, y);
    });
  } else {
    drawn = material.draw(brush);
    if (defect) touched = applyDefect(drawn, defect satisfies SurfaceDefect, at, flaw, material.inside);
  }
  const image: Raster = { width: size, height: size, mode: "RGB", data: photograph(drawn, lighting) };
  return { image, mask: maskOf(touched, size), defect };
}

function has(material: Material, defect: DefectKind | null): defect is SurfaceDefect | WeaveDefect | null {
  return defect === null || material.defects.some((kind) => kind === defect);
}

function materialOf(name: string): Material {
  if (Object.hasOwn(MATERIALS, name)) return MATERIALS[name as ProceduralClass];
  const known = Object.keys(MATERIALS).join(", ");
  throw new DatasetError("bad-argument", `no procedural class "${name}"; choose one of ${known}`);
}

function place(random: Random, ring?: readonly [number, number]): readonly [number, number] {
  const [x, y] = random.direction();
  const far = random.between(...(ring ?? ([0, 75] as const)));
  return [120 + x * far, 120 + y * far];
}

/** Marks every pixel within reach of a touched one: light and lens carry a change that far, and no farther. */
function maskOf(touched: Float32Array | undefined, size: number): Uint8Array {
  const mask = new Uint8Array(size * size);
  touched?.forEach((strength, p) => {
    if (strength <= 0) return;
    const [x, y] = [p % size, Math.floor(p / size)];
    for (let row = Math.max(0, y - REACH); row <= Math.min(size - 1, y + REACH); row++) {
      mask.fill(255, row * size + Math.max(0, x - REACH), row * size + Math.min(size - 1, x + REACH) + 1);
    }
  });
  return mask;
}
