import type { DefectKind } from "./defects.js";
import type { Canvas, Pose, Rgb } from "./draw/canvas.js";
import type { Random } from "./draw/random.js";

/** A kind of texture or object. Each of its many variants is a class. */
export interface Family {
  readonly name: string;
  readonly kind: "texture" | "object";
  /** Nouns for its classes, one of which each class has. Families on the other side of the split have other nouns. */
  readonly nouns: readonly string[];
  /** Used for evaluation only, never for pretraining or auxiliary training. */
  readonly heldOut?: boolean;
  readonly defects: readonly DefectKind[];
  /** Nouns for defects of this family, instead of the usual ones. */
  readonly words?: Partial<Record<DefectKind, readonly string[]>>;
  /** Draws what all samples of a class share. */
  design(random: Random): Design;
}

/** What all samples of a class share. */
export interface Design {
  /** A noun instead of the family's. */
  readonly noun?: string;
  /** Words that may stand before the noun: colours, materials. */
  readonly adjectives: readonly string[];
  /** The colour below the surface, which holes and scratches show. */
  readonly inside: Rgb;
  /** The rotation of samples: `tilt` is small, `free` any, `level` nearly none. */
  readonly orientation: "level" | "tilt" | "free";
  /** Always photographed without colour. */
  readonly grey?: boolean;
  /** Paints a sample. The same random numbers give the same piece, with or without a flaw of its structure. */
  paint(canvas: Canvas, pose: Pose, random: Random, flaw: StructureFlaw | null): void;
  /** For objects: the distance of a place from the product in its own units, negative inside. */
  outline?(x: number, y: number): number;
}

/** A defect of the structure of a piece, drawn by the painter of the piece. */
export interface StructureFlaw {
  readonly kind: DefectKind;
  /** The place, in the piece's own coordinates. */
  readonly at: readonly [number, number];
  /** Radius or length, in layout units. */
  readonly size: number;
  readonly random: Random;
  /** For textures: the shift of the layout at a place of the picture, written to `out`. */
  readonly warp?: (x: number, y: number, out: Float64Array) => void;
  /** For textures: whether the element at a place of the piece is missing. */
  readonly gone?: (x: number, y: number) => boolean;
}
