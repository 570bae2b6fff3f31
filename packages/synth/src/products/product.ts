import type { Raster } from "@inctrl/datasets";
import { checkSample, refuse } from "../check.js";
import type { DefectKind } from "../defects.js";
import { Canvas, eachPixel, mark, type Pose, whole } from "../draw/canvas.js";
import { halfTurn, type Point } from "../draw/maths.js";
import { chance, hash, hashText, Random } from "../draw/random.js";
import { blob, type Field } from "../draw/strokes.js";
import { drag } from "../draw/structure.js";
import type { StructureFlaw } from "../family.js";
import { fill } from "../textures/texture.js";
import { drawProductPhoto, photographProduct, REACH } from "./camera.js";
import { drawDefect, type SurfaceDefect } from "./defects.js";
import * as materials from "./materials.js";

/** A class of products that this package can draw. */
export type ProceduralClass = keyof typeof materials;

const MATERIALS: Readonly<Record<ProceduralClass, materials.Material>> = { ...materials };

/**
 * The classes by name, each with its kinds of defects. Pretraining never sees them: no caption of `drawCaptioned` names one, though
 * similar materials occur under other nouns.
 */
export const proceduralClasses: Readonly<Record<ProceduralClass, readonly DefectKind[]>> = Object.fromEntries(
  Object.entries(MATERIALS).map(([name, { defects }]) => [name, defects]),
) as Readonly<Record<ProceduralClass, readonly DefectKind[]>>;

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
  if (defect !== null && !material.defects.some((kind) => kind === defect)) {
    throw refuse(`no defect "${defect}" for ${options.class}; choose one of ${material.defects.join(", ")}`);
  }
  const classSeed = hash(seed, hashText(options.class), 1) >>> 1;
  const random = new Random(hash(classSeed, index, 2));
  // Defects have a random stream of their own, so that a sample with a defect equals the good sample elsewhere.
  const flaw = new Random(hash(classSeed, index, 3));
  const at = place(flaw, material.ring);
  const photo = drawProductPhoto(random);
  const canvas = new Canvas(size);
  const weave = weaveFlaw(defect, at, flaw);
  const pose = material.tilt === undefined ? CENTRED : cutPose(random, material.tilt);
  fill(canvas, pose, material.shader({ canvas, seed: classSeed, random, gone: weave?.gone }), weave?.warp);
  const mask = new Uint8Array(size * size);
  // Light and lens carry a change some pixels further.
  const touched = (p: number) => mark(mask, size, p % size, Math.floor(p / size), REACH, whole(size));
  if (weave) eachPixel(canvas, canvas.window, (p, x, y) => weave.field(x, y) > 0 && touched(p));
  else if (defect)
    drawDefect(defect as SurfaceDefect, { canvas, at, random: flaw, inside: material.inside }, touched);
  const data = photographProduct(canvas, photo);
  return { image: { width: size, height: size, mode: "RGB", data }, mask, defect };
}

const CENTRED: Pose = { c: 1, s: 0, zoom: 1, x: 0, y: 0 };

/** A small rotation and any shift, since a piece is cut anywhere. */
function cutPose(random: Random, tilt: number): Pose {
  const [c, s] = halfTurn(random.between(-tilt, tilt));
  return { c, s, zoom: 1, x: random.between(0, 4000), y: random.between(0, 4000) };
}

function materialOf(name: string): materials.Material {
  if (Object.hasOwn(MATERIALS, name)) return MATERIALS[name as ProceduralClass];
  throw refuse(`no procedural class "${name}"; choose one of ${Object.keys(MATERIALS).join(", ")}`);
}

function place(random: Random, ring?: Point): Point {
  const [x, y] = random.direction();
  const far = random.between(...(ring ?? ([0, 75] as const)));
  return [120 + x * far, 120 + y * far];
}

interface WeaveFlaw extends Pick<StructureFlaw, "gone" | "warp"> {
  /** Positive where the weave is disturbed. */
  readonly field: Field;
}

/** A `misweave` lacks the upright threads of a few crossings; a `pull` drags threads to one side. */
function weaveFlaw(kind: DefectKind | null, at: Point, random: Random): WeaveFlaw | undefined {
  if (kind === "misweave") {
    const field = blob(at, random.between(9, 17), 0.35, random);
    return { field, gone: (x, y) => field(x, y) > 0 };
  }
  if (kind !== "pull") return;
  const length = random.between(26, 48);
  const width = random.between(11, 17);
  const by = random.between(7, 12) * (chance(random, 0.5) ? 1 : -1);
  return drag(at, { upright: chance(random, 0.5), length, width, by, aside: 0 });
}
