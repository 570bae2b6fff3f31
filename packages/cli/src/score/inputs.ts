import { resolve } from "node:path";
import { count, drawPrompts, expandInputs } from "@inctrl/datasets";
import { FEW_SHOT, listFewShot } from "@inctrl/detect";
import type { ScoreOptions } from "../commands/score.js";
import { CliError } from "../errors.js";
import { warn } from "../ui/log.js";

/** The files of a run. `prompts` is null where a bank holds them. */
export interface Inputs {
  readonly images: readonly string[];
  readonly prompts: readonly string[] | null;
}

/** The run warns above this number of prompts: the method needs few, and each makes every image slower. */
const MANY_PROMPTS = 64;

/** Checks the options, finds the images and chooses the prompts, before anything slow begins. */
export async function findInputs(options: ScoreOptions): Promise<Inputs> {
  const { prompts, shots, seed, bank, saveBank } = options;
  if (!prompts && !bank) {
    throw new CliError("option", "normal images are missing; add --prompts FOLDER, or --bank FILE");
  }
  if (prompts && bank) {
    throw new CliError("option", "--prompts and --bank both name the normal images; leave one of them out");
  }
  if (bank && (shots !== undefined || seed !== undefined || saveBank)) {
    const given = shots !== undefined ? "--shots" : seed !== undefined ? "--seed" : "--save-bank";
    throw new CliError(
      "option",
      `${given} is for --prompts, and the bank's are chosen already; leave it out`,
    );
  }
  if (seed !== undefined && shots === undefined) {
    throw new CliError("option", "--seed draws prompts at random; say how many with --shots K");
  }
  if (!options.images && !saveBank) {
    throw new CliError("option", "there is nothing to score; add --images FOLDER, or --save-bank FILE");
  }
  if (!options.images && (options.out || options.heatmaps)) {
    throw new CliError("option", "without --images there are no results to write; add --images FOLDER");
  }
  const chosen = prompts ? await choosePrompts(prompts, shots, seed) : null;
  return { prompts: chosen, images: options.images ? await expandInputs(options.images) : [] };
}

async function choosePrompts(paths: string[], shots?: number, seed?: number): Promise<string[]> {
  const files: string[] = [];
  for (const file of await expandInputs(paths)) {
    files.push(...(FEW_SHOT.test(file) ? await listFewShot(file) : [file]));
  }
  const chosen = drawPrompts(files, shots ?? files.length, seed);
  if (chosen.length > MANY_PROMPTS) {
    warn(`${chosen.length} prompts are many and make every image slow; --shots 8 is usually enough`);
  }
  return chosen;
}

/** Warns of images that are prompts too: compared with themselves, they score about 0, which means nothing. */
export function noteOverlap(images: readonly string[], prompts: readonly string[]): void {
  const known = new Set(prompts.map((path) => resolve(path)));
  const both = images.filter((path) => known.has(resolve(path)));
  if (both.length === 0) return;
  const are = both.length === 1 ? "is also a prompt" : "are also prompts";
  warn(`${count(both.length, "image")} to score ${are} (${both[0]}): it will look perfectly normal`);
}
