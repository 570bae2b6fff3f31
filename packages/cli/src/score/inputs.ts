import { relative, sep } from "node:path";
import {
  count,
  drawPrompts,
  type FindOptions,
  type FoundImages,
  findImages,
  type LeftOut,
  leftOutText,
  NOT_ENTERED,
  some,
  whichFile,
} from "@inctrl/datasets";
import { FEW_SHOT, listFewShot } from "@inctrl/detect";
import type { ScoreOptions } from "../commands/score.js";
import { CliError } from "../errors.js";
import { info, warn } from "../ui/log.js";

/** The files of a run. `prompts` is null where a bank holds them. */
export interface Inputs {
  readonly images: readonly string[];
  readonly prompts: readonly string[] | null;
  /** What lies in the given folders and is left out. */
  readonly left: readonly LeftOut[];
  /** Whether images to score are among that. */
  readonly incomplete: boolean;
}

/** The run warns above this number of prompts: the method needs few, and each makes every image slower. */
const MANY_PROMPTS = 64;

/** Checks the options, finds the images and chooses the prompts, before anything slow begins. */
export async function findInputs(options: ScoreOptions): Promise<Inputs> {
  const problem = problemOf(options);
  if (problem) throw new CliError("option", problem);
  const { prompts, shots, seed, images } = options;
  const normals = prompts ? await find(prompts, { ...options, distinct: true }) : NONE;
  const found = images ? await find(images, options) : NONE;
  const unread = found.left.find(({ image }) => image);
  if (options.strict && unread)
    throw new CliError("input", `${unread.path}: ${unread.reason}; it cannot be scored`);
  return {
    prompts: prompts ? await choosePrompts(normals.images, shots, seed) : null,
    images: found.images,
    left: [...normals.left, ...found.left],
    incomplete: unread !== undefined,
  };
}

const NONE: FoundImages = { images: [], left: [], entered: [] };

/** Finds images, and says what else lies in their folders. */
async function find(paths: readonly string[], options: FindOptions): Promise<FoundImages> {
  const found = await findImages(paths, options);
  for (const folder of found.entered) {
    const below = found.images.map((path) => relative(folder, path)).filter((path) => !path.startsWith(".."));
    const folders = some([...new Set(below.map((path) => path.split(sep)[0]))]);
    info(
      `${folder}: no images of its own; those of its folders are taken (${folders}); --no-recursive refuses them`,
    );
  }
  const { left } = found;
  const beside = options.recursive === undefined && left.some(({ reason }) => reason === NOT_ENTERED);
  const mend = beside ? "; --recursive takes images of such folders too" : "";
  if (left.length > 0) warn(`${left.length} left out: ${leftOutText(left)}${mend}`);
  return found;
}

/** Options that contradict or need each other. */
function problemOf({
  prompts,
  shots,
  seed,
  bank,
  bankPrompts,
  saveBank,
  roi,
  ignore,
  fit,
  tile,
  overlap,
  positions,
  images,
  out,
  heatmaps,
}: ScoreOptions) {
  if (!prompts && !bank) return "normal images are missing; add --prompts FOLDER, or --bank FILE";
  if (prompts && bank) return "--prompts and --bank both name the normal images; leave one of them out";
  const forPrompts = {
    "--shots": shots,
    "--seed": seed,
    "--save-bank": saveBank,
    "--roi": roi,
    "--ignore": ignore,
  };
  const given = Object.entries(forPrompts).find(([, value]) => value !== undefined)?.[0];
  if (bank && given) return `${given} is for --prompts, and the bank's are chosen already; leave it out`;
  if (tile !== undefined && (fit ?? "tile") !== "tile")
    return `--tile cuts images into tiles, and --fit ${fit} does not; leave one of them out`;
  if (positions !== undefined && tile === undefined && fit !== "tile" && bank === undefined)
    return "--positions compares tiles; cut images with --tile N, or with --fit tile";
  if (overlap !== undefined && tile === undefined)
    return "--overlap is what tiles have in common; say how large they are with --tile N";
  if (tile !== undefined && (overlap ?? 0) >= tile)
    return `--overlap ${overlap}: tiles of ${tile} pixels share less than that; give a smaller one`;
  if (seed !== undefined && shots === undefined)
    return "--seed draws prompts at random; say how many with --shots K";
  if (bankPrompts && !(bank && heatmaps))
    return "--bank-prompts is for panels of --bank with --heatmaps; leave it out";
  if (!images && !saveBank) return "there is nothing to score; add --images FOLDER, or --save-bank FILE";
  if (!images && (out || heatmaps))
    return "without --images there are no results to write; add --images FOLDER";
  return undefined;
}

async function choosePrompts(paths: readonly string[], shots?: number, seed?: number): Promise<string[]> {
  const files: string[] = [];
  for (const file of paths) {
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
  const known = new Set(prompts.map(whichFile));
  const both = images.filter((path) => known.has(whichFile(path)));
  if (both.length === 0) return;
  const are = both.length === 1 ? "is also a prompt" : "are also prompts";
  warn(`${count(both.length, "image")} to score ${are} (${both[0]}): it will look perfectly normal`);
}
