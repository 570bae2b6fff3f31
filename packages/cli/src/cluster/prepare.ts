import { extname } from "node:path";
import {
  type Chunk,
  checkRunName,
  createRun,
  openStore,
  type Run,
  type RunFacts,
  type Store,
  writeManifest,
} from "@inctrl/cluster";
import { count, type FindOptions, hashFile } from "@inctrl/datasets";
import { describeBank, judgeOf } from "@inctrl/detect";
import { readPlainFile } from "@inctrl/tensor/files";
import type { ScoreOptions } from "../commands/score.js";
import { CliError } from "../errors.js";
import { version } from "../version.js";
import { namesOf } from "./images.js";

/** Options that decide how images are scored, and so belong to the run. */
const OF_RUN = [
  ...(["backbone", "modelConfig", "vocabulary", "dtype", "class", "method", "preset", "set"] as const),
  ...([
    "alpha",
    "symmetries",
    "fit",
    "tile",
    "overlap",
    "positions",
    "orientation",
    "maxMegapixels",
  ] as const),
] as const;

export type RunOptions = Pick<ScoreOptions, (typeof OF_RUN)[number] | "heads" | "window"> &
  FindOptions & {
    readonly bank: string;
    readonly images: readonly string[];
    readonly run: string;
    readonly runs: string;
    readonly chunk: number;
  };

/** Bytes of a bank or of heads. */
const FILE_BYTES = 4e9;

/** Objects of a run that its workers open. */
export const BANK_FILE = "bank.safetensors";
export const headsFile = (of: string): string => `heads${extname(of)}`;

/** A run with its store, which the caller closes. */
export interface Opened {
  readonly store: Store;
  readonly run: Run;
  readonly chunks: readonly Chunk[];
  readonly isNew: boolean;
}

/** Rows of a run in words: a benchmark's are of categories. */
export const countRows = (run: Run, n: number): string =>
  isBenchmark(run) ? count(n, "category", "categories") : count(n, "image");

export const isBenchmark = ({ options }: Run): boolean => options.benchmark !== undefined;

/** Writes a run's files, or finds them written: images, bank, heads, and last `run.json`, which makes it a run. */
export async function prepareRun(options: RunOptions): Promise<Opened> {
  const { bank, images, recursive, heads } = options;
  const store = await openStore(options.runs, checkRunName(options.run));
  try {
    const facts = await factsOf(options);
    const manifest = await writeManifest(store, namesOf(images, { recursive }), options.chunk);
    await store.create(BANK_FILE, await readPlainFile(bank, FILE_BYTES));
    if (heads) await store.create(headsFile(heads), await readPlainFile(heads, FILE_BYTES));
    const made = await createRun(store, facts, {
      ...{ name: options.run, images: manifest.images, chunk: options.chunk },
      ...{ chunks: manifest.chunks.length, manifest: manifest.sha256 },
    });
    return { store, chunks: manifest.chunks, ...made };
  } catch (error) {
    store.close();
    throw error;
  }
}

/** What decides the results of a run. */
export async function factsOf(options: RunOptions): Promise<RunFacts> {
  const { bank, heads, window } = options;
  const { info, calibration } = await describeBank(bank);
  const line = calibration && judgeOf(calibration).line;
  const chosen = OF_RUN.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]);
  return {
    ...{ version: version(), model: info.fingerprint, bank: await hashFile(bank) },
    heads: heads ? await hashFile(heads) : null,
    calibration: line && { status: line.status, alpha: line.alpha, n: line.n, threshold: line.threshold },
    options: {
      ...Object.fromEntries(chosen),
      ...(heads !== undefined && { heads: heads && headsFile(heads) }),
      ...(window !== undefined && { window: typeof window === "string" ? window : window.join(":") }),
    },
  };
}

/** What a run needs. @throws CliError `option` for what is missing. */
export function requireRun(options: Partial<RunOptions>): asserts options is RunOptions {
  const missing = (["bank", "images", "run"] as const).find((name) => options[name] === undefined);
  if (missing !== undefined)
    throw new CliError(
      "option",
      `a run over many machines needs --bank, --images and --run; add --${missing}`,
    );
}
