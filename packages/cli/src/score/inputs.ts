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
  const problem = problemOf(options);
  if (problem) throw new CliError("option", problem);
  const { prompts, shots, seed, images } = options;
  const chosen = prompts ? await choosePrompts(prompts, shots, seed) : null;
  return { prompts: chosen, images: images ? await expandInputs(images) : [] };
}

/** Options that contradict or need each other. */
function problemOf({ prompts, shots, seed, bank, saveBank, images, out, heatmaps }: ScoreOptions) {
  if (!prompts && !bank) return "normal images are missing; add --prompts FOLDER, or --bank FILE";
  if (prompts && bank) return "--prompts and --bank both name the normal images; leave one of them out";
  const forPrompts = { "--shots": shots, "--seed": seed, "--save-bank": saveBank };
  const given = Object.entries(forPrompts).find(([, value]) => value !== undefined)?.[0];
  if (bank && given) return `${given} is for --prompts, and the bank's are chosen already; leave it out`;
  if (seed !== undefined && shots === undefined)
    return "--seed draws prompts at random; say how many with --shots K";
  if (!images && !saveBank) return "there is nothing to score; add --images FOLDER, or --save-bank FILE";
  if (!images && (out || heatmaps))
    return "without --images there are no results to write; add --images FOLDER";
  return undefined;
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
