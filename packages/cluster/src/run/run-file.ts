import { createHash } from "node:crypto";
import { z } from "zod";
import { ClusterError } from "../errors.js";
import type { Store } from "../store/store.js";
import { checkRunName, RUN_FILE } from "./names.js";

/** What a run scores with. Chunks that say anything else are refused. */
const FACTS = z.object({
  /** The version of the program. */
  version: z.string(),
  /** Hash of the network's weights. */
  model: z.string(),
  /** sha256 of the bank's file. */
  bank: z.string(),
  /** sha256 of the heads' file; null where there are none, or the network's own. */
  heads: z.string().nullable(),
  /** The bank's line. */
  calibration: z.record(z.string(), z.unknown()).nullable(),
  /** How images are read and scored, by the command's names. */
  options: z.record(z.string(), z.unknown()),
});

const RUN = z.object({
  format: z.literal("inctrl-run"),
  ...{ name: z.string(), ...FACTS.shape },
  images: z.int().min(1),
  /** Images of a chunk. */
  chunk: z.int().min(1),
  chunks: z.int().min(1),
  /** sha256 over all parts of the manifest and its table. */
  manifest: z.string(),
});

export type RunFacts = z.infer<typeof FACTS>;

/** What decides how long an image takes. */
const SCORING = ["model", "bank", "heads", "options"] as const;

/** What of a run decides how long an image takes. */
export type ScoringFacts = Pick<RunFacts, (typeof SCORING)[number]>;

/** `run.json`: all that decides a run's result. It never changes. */
export type Run = z.infer<typeof RUN>;

/** Bytes that it may have. */
const MAX_BYTES = 1e6;

/**
 * Makes a run, or finds the same one: the second submit of a run goes on with it.
 *
 * @returns whether this call made it.
 * @throws ClusterError `run` where the name belongs to another run, with what differs.
 */
export async function createRun(store: Store, facts: RunFacts, rest: Omit<Run, keyof RunFacts | "format">) {
  const run: Run = { format: "inctrl-run", ...facts, ...rest };
  checkRunName(run.name);
  const isNew = await store.create(RUN_FILE, new TextEncoder().encode(`${JSON.stringify(run, null, 2)}\n`));
  if (isNew) return { run, isNew };
  const there = await readRun(store);
  const other = (Object.keys(run) as (keyof Run)[]).filter(
    (key) => canonical(run[key]) !== canonical(there[key]),
  );
  if (other.length === 0) return { run: there, isNew };
  throw new ClusterError(
    "run",
    `${store.where}: this run has another ${other.join(", ")} already; choose another name`,
  );
}

/** The run of a store; null where there is none. @throws ClusterError `run` for a damaged file. */
export async function findRun(store: Store): Promise<Run | null> {
  const bytes = await store.read(RUN_FILE, MAX_BYTES);
  if (bytes === null) return null;
  try {
    return RUN.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    throw new ClusterError(
      "run",
      `${store.where}/${RUN_FILE}: is no description of a run, or one of a later version`,
      { cause: error },
    );
  }
}

/** The same. @throws ClusterError `run` where there is none. */
export async function readRun(store: Store): Promise<Run> {
  const run = await findRun(store);
  if (run === null)
    throw new ClusterError("run", `${store.where}: there is no run of this name; submit it first`);
  return run;
}

/** What each chunk says of the run that it belongs to. */
export function fingerprintOf(run: Run): string {
  return createHash("sha256").update(canonical(run)).digest("hex").slice(0, 32);
}

/** Whether two runs score in the same way, whatever their images are. */
export const sameScoring = (a: ScoringFacts, b: ScoringFacts): boolean =>
  SCORING.every((key) => canonical(a[key]) === canonical(b[key]));

/** JSON whose keys are in order. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, item) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
