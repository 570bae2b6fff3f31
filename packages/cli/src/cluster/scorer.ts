import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireNetwork } from "@inctrl/baselines";
import { type ChunkScorer, ClusterError, isS3, type Run, type Store } from "@inctrl/cluster";
import { hashFile } from "@inctrl/datasets";
import { POSITIONS, recordJson, scoreImages, scoreRecord } from "@inctrl/detect";
import { z } from "zod";
import type { ScoreOptions } from "../commands/score.js";
import { adapterName, withDevice } from "../device.js";
import { describe } from "../errors.js";
import * as shared from "../options/groups.js";
import { oneOf, whole } from "../options/values.js";
import { judgeFor, type ModelOptions, withModel } from "../score/model.js";
import { version } from "../version.js";
import { itemsOf } from "./images.js";
import { BANK_FILE } from "./prepare.js";

/** Where and how a worker computes; nothing of it changes a result on one kind of adapter. */
export type WorkerMachine = Pick<ScoreOptions, "device" | "batch" | "threads">;

/** What a run may say of how images are scored. */
const OPTIONS = z.object({
  ...Object.fromEntries(
    Object.entries({ ...shared.scoringModel, ...shared.readingOfFiles }).map(([name, { schema }]) => [
      name,
      schema,
    ]),
  ),
  fit: shared.fits.optional(),
  tile: whole(16, 65_536).optional(),
  overlap: whole(0, 65_535).optional(),
  positions: oneOf(...POSITIONS).optional(),
});

/** The run's own copy of its heads. */
const HEADS = /^heads(\.\w{1,20})?$/;

/** Bytes of a bank or of heads. */
const FILE_BYTES = 4e9;

/** What is done with what scores images. */
type Job<T> = (scorer: ChunkScorer) => Promise<T>;

/** Opens what scores the images of a run, and runs a job with it. All is freed however the job ends. */
export type WithScorer<Machine> = <T>(
  opened: { readonly store: Store; readonly run: Run },
  machine: Machine,
  signal: AbortSignal,
  job: Job<T>,
) => Promise<T>;

/** Refuses a run of another version, whose results may be others. */
export function checkVersion({ where }: Store, run: Run): void {
  if (run.version === version()) return;
  throw new ClusterError(
    "run",
    `${where}: was submitted with version ${run.version}, and this is ${version()}; use that version, or submit it under another name`,
  );
}

/** Scores images with the model of a run. */
export const withScorer: WithScorer<WorkerMachine> = async ({ store, run }, machine, signal, job) => {
  checkVersion(store, run);
  const folder = isS3(store.where) ? await mkdtemp(join(tmpdir(), "inctrl-run-")) : null;
  try {
    const bank = await fileOf(store, BANK_FILE, run.bank, folder);
    const { heads, ...asked } = OPTIONS.parse(run.options) as unknown as ModelOptions;
    if (heads && !HEADS.test(heads))
      throw new ClusterError("run", `${store.where}/run.json: names heads that are not the run's own`);
    const headsPath = heads ? await fileOf(store, heads, run.heads, folder) : heads;
    const options: ModelOptions = { ...asked, ...machine, bank, heads: headsPath };
    return await withModelScorer(options, machine.device, signal, job);
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }
};

/** Opens a model, and runs a job with what scores images with it. All is freed however the job ends. */
export async function withModelScorer<T>(
  options: ModelOptions,
  adapter: string | undefined,
  signal: AbortSignal,
  job: Job<T>,
): Promise<T> {
  await requireNetwork(options.backbone);
  return await withDevice(adapter, (device) =>
    withModel(device, null, options, signal, async (model) => {
      const judge = await judgeFor(model, options);
      const { fitted, reading } = model;
      return await job({
        model: fitted.detector.encoder.backbone.fingerprint,
        device: adapterName(device.caps),
        async *score(images) {
          for await (const result of scoreImages(fitted, itemsOf(images, reading), { facts: false })) {
            const { image } = result;
            yield "error" in result
              ? { image, error: describe(result.error) }
              : { image, line: recordJson(scoreRecord(result, fitted, judge)) };
          }
        },
      });
    }),
  );
}

/** A file of the run on this machine's disk, as it was when the run was submitted. */
async function fileOf(
  store: Store,
  name: string,
  sum: string | null,
  folder: string | null,
): Promise<string> {
  const path = join(folder ?? store.where, name);
  if (folder !== null) {
    const bytes = await store.read(name, FILE_BYTES);
    if (bytes === null)
      throw new ClusterError("run", `${store.where}/${name}: is missing; submit the run again`);
    await writeFile(path, bytes);
  }
  if ((await hashFile(path)) !== sum)
    throw new ClusterError(
      "run",
      `${store.where}/${name}: is not the file that the run was submitted with; submit it under another name`,
    );
  return path;
}
