import type { Box } from "@inctrl/datasets/web";
import type { CalibrationStatus, PlacedMap, Region, Scale, Verdict } from "@inctrl/detect/web";

/** How images of another shape become square. */
export type SquareFit = "crop" | "squash" | "tile";

/** The weights that images pass: those that come with the page, or a file that the browser keeps, by its name. */
export type ModelName = string;
export const NANO: ModelName = "nano";

/** A model that is open. */
export interface OpenModel {
  readonly name: string;
  readonly adapter: string;
  readonly software: boolean;
  /** Said of the weights, such as what was guessed. */
  readonly notes: readonly string[];
}

/** Work on its way; without a total its end is not known. */
export interface Progress {
  readonly text: string;
  readonly done?: number;
  readonly total?: number;
}
export type Notify = (progress: Progress) => void;

/** An image that could not be used, and why. */
export interface Refused {
  readonly name: string;
  readonly why: string;
}

/** A prompt as the page shows it; one of a bank from a file has no photo. */
export interface ShownPrompt {
  readonly name: string;
  readonly photo: ImageBitmap | null;
}

/** What a bank knows. */
export interface BankState {
  readonly prompts: readonly ShownPrompt[];
  readonly fit: SquareFit;
  readonly symmetries: number;
  readonly line: LineState | null;
  readonly refused: readonly Refused[];
}

/** The line between good and bad, and what it promises. */
export interface LineState {
  readonly status: CalibrationStatus;
  readonly alpha: number;
  readonly n: number;
  readonly threshold: number;
  readonly sentences: readonly string[];
}

/** What is said of an image. Boxes are in pixels of the photo. */
export interface Result {
  readonly name: string;
  readonly photo: ImageBitmap;
  readonly heat: ImageBitmap;
  readonly score: number;
  /** Null without a line. */
  readonly verdict: Verdict | null;
  readonly p: number | null;
  readonly scaled: number | null;
  readonly status: CalibrationStatus | null;
  readonly regions: readonly Region[];
  /** The distance of each patch from the good parts, and where the patches lie in the photo. */
  readonly map: PlacedMap;
  /** Values at the ends of the heat map's colours. */
  readonly scale: Scale;
  /** The most anomalous patch. */
  readonly patch: Box | null;
  readonly nearest: { readonly prompt: number; readonly name: string; readonly patch: Box | null } | null;
  /** Milliseconds from the pixels to the score. */
  readonly ms: number;
}
