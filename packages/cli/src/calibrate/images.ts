import { stat } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { count, findImages, hashFile, leftOutText, some } from "@inctrl/datasets";
import type { PromptRecord } from "@inctrl/detect";
import { CliError } from "../errors.js";
import { info, warn } from "../ui/log.js";

/** An image that a line is set or tried with. */
export interface CalibrationImage {
  readonly name: string;
  readonly sha256: string;
  /** What counts once, however many images there are of it. */
  readonly part: string;
}

/** Images of the paths, each once. Two files of the same bytes are one image. */
export async function distinctImages(paths: readonly string[]): Promise<CalibrationImage[]> {
  const { images, left } = await findImages(paths, { distinct: true });
  if (left.length > 0) warn(`${left.length} left out: ${leftOutText(left)}`);
  const known = new Map<string, string>();
  const twice: string[] = [];
  for (const name of images) {
    const sha256 = await hashFile(name);
    if (known.has(sha256)) twice.push(name);
    else known.set(sha256, name);
  }
  if (twice.length > 0)
    warn(`${count(twice.length, "image")} left out, each a copy of another: ${some(twice)}`);
  return [...known].map(([sha256, name]) => ({ name, sha256, part: name }));
}

/** @throws CliError `input` where images are prompts of the bank: they look better than any other good part. */
export function refusePrompts(images: readonly CalibrationImage[], prompts: readonly PromptRecord[]): void {
  const known = new Set(prompts.map(({ sha256 }) => sha256));
  const both = images.filter(({ sha256 }) => known.has(sha256)).map(({ name }) => name);
  if (both.length === 0) return;
  const are = both.length === 1 ? "is a prompt" : "are prompts";
  throw new CliError(
    "input",
    `${some(both)} ${are} of the bank, and would look better than any other good part; give images that are none`,
  );
}

/** Images that show one part, by what an expression finds in their paths. @throws CliError `option`. */
export function inParts(images: readonly CalibrationImage[], pattern: string): CalibrationImage[] {
  const regex = expression(pattern);
  return images.map((image) => {
    const [whole, group = whole] = regex.exec(image.name.replaceAll("\\", "/")) ?? [];
    if (group === undefined)
      throw new CliError(
        "option",
        `--group ${pattern}: finds nothing in ${image.name}; correct the expression`,
      );
    return { ...image, part: group };
  });
}

function expression(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch (error) {
    throw new CliError("option", `--group ${pattern}: ${(error as Error).message}; correct the expression`);
  }
}

/** The kind of a bad image: the folder it lies in. */
export const kindOf = ({ name }: CalibrationImage): string => basename(dirname(name));

/** Says where all images were written within one hour: what light and camera do at other times is then not in the line. */
export async function noteOneHour(images: readonly CalibrationImage[]): Promise<void> {
  const times = await Promise.all(images.map(async ({ name }) => (await stat(name)).mtimeMs));
  if (times.length < 2 || Math.max(...times) - Math.min(...times) > 3_600_000) return;
  info(
    "all good images were written within one hour; images of other hours and days would let the line know their light too",
  );
}
