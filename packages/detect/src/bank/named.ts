import { basename } from "node:path";
import { count } from "@inctrl/datasets";
import type { Calibration } from "../calibration/record.js";
import { fail, type PromptRecord } from "../matcher/bank-info.js";
import type { ChangedImage } from "./history.js";

/** The images that a bank knows. */
export interface KnownImages {
  readonly prompts: readonly PromptRecord[];
  /** Null where there is no line; those of a hint are the prompts. */
  readonly calibration: Calibration | null;
}

/** The good images that a line stands on and that are no prompts. */
export const goodImagesOf = ({ calibration }: Pick<KnownImages, "calibration">) =>
  calibration === null || calibration.hint ? [] : calibration.images;

/** Throws DetectError `bank` where an image is a prompt or a calibration image already: by its bytes, whatever its name. */
export function refuseKnown(path: string, known: KnownImages, images: readonly ChangedImage[]): void {
  const kinds = [
    ["a prompt", known.prompts],
    ["a calibration image", goodImagesOf(known)],
  ] as const;
  for (const { name, sha256 } of images)
    for (const [kind, there] of kinds) {
      const same = there.find((each) => each.sha256 !== null && each.sha256 === sha256);
      if (same)
        throw fail(path, `${name} is ${kind} already, ${same.name}; leave it out, or remove that one first`);
    }
}

/** Fewer digits of a sum may be those of several images. */
const MIN_DIGITS = 8;

/** An image's place among the prompts, or among the calibration images. */
export interface Place {
  readonly of: "prompts" | "calibration";
  readonly at: number;
}

/**
 * Finds an image of a bank by its name, by the last part of its name, or by the first 8 or more digits of its sha256.
 *
 * @throws DetectError `bank` where none is called so, or several are.
 */
export function placeOf(path: string, known: KnownImages, wanted: string): Place {
  const all = [
    ...known.prompts.map((image, at) => ({ ...image, of: "prompts", at }) as const),
    ...goodImagesOf(known).map((image, at) => ({ ...image, of: "calibration", at }) as const),
  ];
  const isSum = new RegExp(`^[0-9a-f]{${MIN_DIGITS},64}$`, "i").test(wanted);
  const found = [
    all.filter(({ name }) => name === wanted),
    all.filter(({ name }) => basename(name) === wanted),
    isSum ? all.filter(({ sha256 }) => sha256?.startsWith(wanted.toLowerCase())) : [],
  ].find(({ length }) => length > 0);
  if (!found) throw fail(path, `has no image ${wanted}; give the name or the sha256 of one that it has`);
  if (found.length > 1)
    throw fail(
      path,
      `has ${count(found.length, "image")} called ${wanted}; give the sha256 of the one you mean`,
    );
  const [{ of, at }] = found;
  return { of, at };
}
