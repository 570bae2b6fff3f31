import { chunkOf, finishedChunks } from "@inctrl/cluster";
import { addMessages, messagesOf } from "@inctrl/cluster/queue";
import { count } from "@inctrl/datasets";
import { EXIT } from "../errors.js";
import { info } from "../ui/log.js";
import { dryRun } from "./dry-run.js";
import type { SubmitOptions } from "./options.js";
import { countRows, type Opened, prepareRun } from "./prepare.js";
import { queueOf, redisPlace } from "./redis.js";

/** `inctrl cluster submit`: writes a run's files, and puts its chunks without a result into the queue. */
export async function runSubmit(options: SubmitOptions, signal: AbortSignal): Promise<number> {
  if (options.dryRun) return await dryRun(options, signal);
  // Before anything is written.
  await redisPlace(options.redis);
  return await enqueue(await prepareRun(options), options.redis, signal);
}

/** Puts the chunks of a run that have no result into the queue, and closes its store. Returns the exit code. */
export async function enqueue(
  { store, run, chunks, isNew }: Opened,
  redis: string | undefined,
  signal: AbortSignal,
): Promise<number> {
  try {
    const done = isNew ? new Set<number>() : await finishedChunks(store, chunkOf);
    const left = chunks.filter(({ index }) => !done.has(index));
    await using opened = await queueOf(redis);
    const added = await addMessages(opened.queue, messagesOf(run.name, left), { signal });
    info(
      `${run.name}: ${countRows(run, run.images)} in ${count(run.chunks, "chunk")}, ${done.size} done; ${count(added, "job")} in the queue`,
    );
    return added < left.length ? EXIT.interrupted : EXIT.ok;
  } finally {
    store.close();
  }
}
