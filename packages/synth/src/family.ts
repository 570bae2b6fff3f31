import type { DefectKind } from "./defects.js";
import type { Canvas, Pose, Rgb } from "./draw/canvas.js";
import type { Random } from "./draw/random.js";

/** A kind of texture or object with endless variants: each variant is a class of its own. */
export interface Family {
  readonly name: string;
  readonly kind: "texture" | "object";
  /** What its classes may be called; a class has one. None is shared with a family on the other side of the split. */
  readonly nouns: readonly string[];
  /** Kept from pretraining and auxiliary training, for evaluation. */
  readonly heldOut?: boolean;
  readonly defects: readonly DefectKind[];
  /** Words for a defect that are this family's own. */
  readonly words?: Partial<Record<DefectKind, readonly string[]>>;
  /** Settles what all samples of a class share. */
  design(random: Random): Design;
}

/** A class: what all its samples share. */
export interface Design {
  /** Instead of one of the family's nouns. */
  readonly noun?: string;
  /** Words that may stand before the noun: colours, materials. */
  readonly adjectives: readonly string[];
  /** The colour below the surface, seen where it is opened. */
  readonly inside: Rgb;
  /** How samples lie: `tilt` a little askew, `free` in any direction, `level` straight. */
  readonly lie: "level" | "tilt" | "free";
  /** Always photographed without colour. */
  readonly grey?: boolean;
  /** Paints a sample; the same random numbers give the same piece, with or without a flaw of its structure. */
  paint(canvas: Canvas, pose: Pose, random: Random, flaw: StructureFlaw | null): void;
  /** For objects: how far a place lies outside the product in its own units, negative inside. */
  outline?(x: number, y: number): number;
}

/** A defect of how a piece is made, which its painter has to draw. */
export interface StructureFlaw {
  readonly kind: DefectKind;
  /** Where, in the piece's own coordinates. */
  readonly at: readonly [number, number];
  /** Layout units. */
  readonly size: number;
  readonly random: Random;
  /** For textures: the shift of the layout at a place of the picture, written to `out`. */
  readonly warp?: (x: number, y: number, out: Float64Array) => void;
  /** For textures: whether the element at a place of the piece is missing. */
  readonly gone?: (x: number, y: number) => boolean;
}
