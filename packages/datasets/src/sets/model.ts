import type { DatasetError } from "../errors.js";
import type { Raster } from "../raster.js";

/** The kind of every normal sample. */
export const GOOD = "good";

/** A part of an image, in its pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where a sample comes from: a file, or a part of one. */
export interface Source {
  readonly path: string;
  /** The part of the image that the sample is. */
  readonly box?: Box;
  /** Which record of the file the sample is, from 0. */
  readonly record?: number;
}

/** Where a sample is anomalous: 255 there and 0 elsewhere, a byte a pixel, rows from the top. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** One labelled image of a data set; its pixels are read when they are asked for. */
export interface Sample {
  /** A name that stays the same on every machine, unique in its category: the path in the data set, `#` and the part. */
  readonly id: string;
  /** 0 normal, 1 anomalous. */
  readonly label: 0 | 1;
  /** `good`, or the kind of anomaly. */
  readonly kind: string;
  /** Absent where no file is behind it. */
  readonly source?: Source;
  /** Decodes the image. Rejects with an ImageError when it cannot be read. */
  load(): Promise<Raster>;
  /** Decodes the mask, of the image's size. Absent for normal samples and where the set has none. */
  mask?(): Promise<Mask>;
}

/** What is tested as one: normal samples to learn from, and normal and anomalous ones to tell apart. */
export interface Category {
  readonly name: string;
  /** What a text prompt calls it. */
  readonly className: string;
  /** Normal samples; lists made for training may hold anomalous ones too. In order of listing. */
  readonly train: readonly Sample[];
  /** In order of listing. */
  readonly test: readonly Sample[];
}

/** A file that belongs to a data set but could not be made a sample, and why. */
export interface Skipped {
  readonly id: string;
  readonly reason: string;
}

/** A data set: its categories, in order of name. */
export interface DataSet {
  readonly name: string;
  readonly categories: readonly Category[];
  readonly skipped: readonly Skipped[];
}

/** What is known about an error that made a file be left out. */
export function skippedFor(id: string, error: unknown): Skipped {
  return { id, reason: (error as DatasetError).message };
}
