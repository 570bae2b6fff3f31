import type { Reading } from "../decode/decode.js";
import { ImageError, type ImageErrorCode } from "../errors.js";
import type { Raster } from "../raster.js";

/** The kind of every normal sample. */
export const GOOD = "good";

/** A rectangle of an image, in pixels. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The file, or the part of a file, that a sample comes from. */
export interface Source {
  readonly path: string;
  /** The sample's part of the image. */
  readonly box?: Box;
  /** The sample's record in the file, from 0. */
  readonly record?: number;
}

/** The anomalous pixels of a sample: 255 there and 0 elsewhere, a byte a pixel, rows from the top. */
export interface Mask {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** The size of its file, where it was scaled to the image. */
  readonly scaledFrom?: { readonly width: number; readonly height: number };
}

/** One labelled image of a data set. Its pixels are read on demand. */
export interface Sample {
  /** Unique in its category and the same on every machine: the path in the data set, then `#` and the part. */
  readonly id: string;
  /** 0 normal, 1 anomalous. */
  readonly label: 0 | 1;
  /** `good`, or the kind of anomaly. */
  readonly kind: string;
  /** Its class in a set made for classification, where several classes may be normal together. */
  readonly class?: string;
  /** Absent for a sample without a file. */
  readonly source?: Source;
  /** How its file becomes pixels, where that was chosen with `readAs`. */
  readonly reading?: Reading;
  /** sha256 of the file behind a sample without a `source`, such as a list of prompts. */
  sha256?(): Promise<string>;
  /** Decodes the image. Rejects with an ImageError when it cannot be read. */
  load(reading?: Reading): Promise<Raster>;
  /** Decodes the mask, of the image's size. Absent for normal samples and where the set has none. */
  mask?(reading?: Reading): Promise<Mask>;
  /** The files that the mask is read from. */
  readonly maskFiles?: readonly string[];
}

/** What is evaluated as one: normal samples for training, and normal and anomalous ones for testing. */
export interface Category {
  readonly name: string;
  /** The class's name in text prompts. */
  readonly className: string;
  /** Normal samples, in order of listing. Lists made for training may hold anomalous ones too. */
  readonly train: readonly Sample[];
  /** In order of listing. */
  readonly test: readonly Sample[];
}

/** A file of a data set that could not be made a sample, and the reason. */
export interface Skipped {
  readonly id: string;
  readonly reason: string;
  /** Of an image that cannot be read: why, by `ImageError`'s codes. */
  readonly code?: ImageErrorCode;
}

/** What is said of a file that `error` kept from being used. */
export const skippedBy = (id: string, error: Error): Skipped => ({
  ...{ id, reason: error.message },
  ...(error instanceof ImageError && { code: error.code }),
});

/** A data set: its categories, in order of name. */
export interface DataSet {
  readonly name: string;
  readonly categories: readonly Category[];
  readonly skipped: readonly Skipped[];
  /** What was left out or guessed though all files are sound, one sentence each. */
  readonly notes?: readonly string[];
  /** Files and folders that the notes account for. */
  readonly noted?: readonly string[];
}
