import type { Fit, PreprocessConfig } from "@inctrl/clip";
import type { Reading } from "@inctrl/datasets";
import type { TensorFile } from "@inctrl/tensor";
import type { Tap } from "../backbone/backbone.js";
import { DetectError } from "../errors.js";
import { POSITIONS, type TilePlaces } from "../images/positions.js";
import { unpackRegion } from "../images/region.js";
import { type Check, fits, listOf, orNull, parseJson, text } from "../shape.js";

/** What a bank remembers of a prompt. */
export interface PromptRecord {
  readonly name: string;
  readonly sha256: string | null;
  /** Views that it was seen in. */
  readonly views: number;
  /** Rows and columns of each tap, where they are not those of the encoder's square. */
  readonly grids?: readonly (readonly [rows: number, columns: number])[];
}

/** How images become pixels, which those that are scored share with the prompts. */
export type SharedReading = Pick<Reading, "window" | "orientation">;

/** What a file says of the state of a fitted detector. */
export interface BankInfo {
  readonly version: 1;
  /** What the tensors are: absent for the patches and class features of a `PromptBank`, else the detector's name. */
  readonly kind?: string;
  readonly prompts: readonly PromptRecord[];
  readonly backbone: string;
  readonly fingerprint: string;
  readonly fit: Fit;
  /** Taps. The file's name for them is older. */
  readonly blocks: readonly Tap[];
  /** Absent for patches of length 1. */
  readonly raw?: true;
  /** Symmetries of the square that each view was compared in; 1 where it is absent. The file's name for them is older. */
  readonly turns?: number;
  /** Variants that each view was compared in, where they are no symmetries. */
  readonly augmentation?: { readonly name: string; readonly count: number };
  /** How the prompts were read. Absent in files of earlier versions, which meant what `readingOf` says. */
  readonly reading?: SharedReading;
  /** How its method scores, where that is not as the paper has it. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Which parts of each image count (`packRegion`); all of it where it is absent. */
  readonly region?: string;
  /** How tiles are compared by their place; absent where each is compared with all. */
  readonly positions?: TilePlaces;
  /** Without what is bicubic or absent, as in files of earlier versions. */
  readonly preprocess: Partial<PreprocessConfig>;
}

/** What the metadata of a bank calls it. */
export const FORMAT = "inctrl-bank";

/** The error of a file. */
export const fail = (path: string, why: string): DetectError => new DetectError("bank", `${path}: ${why}`);

/** What a file says of its bank. @throws DetectError `bank` where it is none. */
export function readBankInfo(path: string, file: TensorFile): BankInfo {
  const again = "make one from its prompts";
  if (file.metadata.format !== FORMAT) throw fail(path, `is no prompt bank; ${again}`);
  const info = parseJson(file.metadata.bank) as BankInfo;
  const isWhole = ({ grids }: PromptRecord) =>
    !grids || (grids.length === info.blocks.length && grids.every((grid) => grid.length === 2));
  if (!fits(info, INFO) || info.prompts.length === 0 || !info.prompts.every(isWhole)) {
    throw fail(path, `its description is damaged or of a later version; ${again}`);
  }
  return info;
}

const oneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);

const READING: Check = {
  orientation: oneOf(undefined, "follow", "ignore"),
  window: (value) => value === undefined || value === "full" || fits(value, WINDOW),
};

const WINDOW: Check = { depth: oneOf(8, 16, 32), low: Number.isFinite, high: Number.isFinite };

const count = (n: unknown): boolean => Number.isInteger(n) && Number(n) >= 1;

const isTexts = (value: unknown): boolean =>
  typeof value === "object" && value !== null && fits(Object.entries(value), listOf(listOf(text)));

const orAbsent = (check: (n: unknown) => boolean) => (n: unknown) => n === undefined || check(n);

const INFO: Check = {
  version: oneOf(1),
  kind: (value) => value === undefined || fits(value, text),
  prompts: listOf({
    ...{ name: text, sha256: orNull(text), views: count },
    grids: (value) => value === undefined || fits(value, listOf(listOf(count))),
  }),
  augmentation: (value) => value === undefined || fits(value, { name: text, count }),
  blocks: listOf((tap) => Number.isInteger(tap) || (typeof tap === "string" && fits(tap, text))),
  raw: oneOf(undefined, true),
  turns: oneOf(undefined, 1, 8),
  reading: (value) => value === undefined || fits(value, READING),
  settings: (value) => value === undefined || isTexts(value),
  region: (value) => value === undefined || (typeof value === "string" && unpackRegion(value) !== null),
  positions: (value) =>
    value === undefined || fits(value, { how: oneOf(...POSITIONS), of: { width: count, height: count } }),
  fit: oneOf("crop", "squash", "tile", "whole"),
  backbone: text,
  fingerprint: text,
  preprocess: { tile: orAbsent(count), overlap: orAbsent((n) => n === 0 || count(n)) },
};
