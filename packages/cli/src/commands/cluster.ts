import { MERGE, RETRY, STATUS, SUBMIT, WORKER } from "../cluster/options.js";
import { CliError } from "../errors.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

const SECRETS = `
INCTRL_REDIS_PASSWORD holds Redis' password, or INCTRL_REDIS_PASSWORD_FILE names a file with it; INCTRL_REDIS_CA names a file with the
certificates of who signed Redis' own, as PEM. Neither is ever shown.`;

const submitCommand = defineVerb({
  summary: "put a run into the queue",
  description:
    "Writes the files of a run, and a job for each chunk of its images that has no result. The same command again goes on with it.",
  options: SUBMIT,
  examples: `
inctrl cluster submit --images archive/ --bank part.bank.safetensors --run archive --redis redis://queue:6379
inctrl cluster submit --images archive.txt --bank part.bank.safetensors --run archive --dry-run --rate 400`,
  notes: SECRETS,
  run: (settings) =>
    interruptible(async (signal) => (await import("../cluster/submit.js")).runSubmit(settings, signal)),
});

const workerCommand = defineVerb({
  summary: "score chunks of the queue",
  description:
    "Scores chunks of any run in the queue, one after another, until it is stopped. Start one for each graphics card.",
  options: WORKER,
  examples: `
inctrl cluster worker --redis redis://queue:6379 --runs /shared/runs`,
  notes: `${SECRETS}

SIGTERM and Ctrl-C end it after the chunk in hand; the second one at once.
Exit code 0: it was stopped; 75: its device hung, start it again; 1: it could not open a run.`,
  run: (settings) =>
    interruptible(async (signal) =>
      (await import("../cluster/worker.js")).runClusterWorker(settings, signal),
    ),
});

const statusCommand = defineVerb({
  summary: "say how far a run is",
  description:
    "Says how many chunks have a result, what waits in the queue, which workers live, and how long it will take.",
  options: STATUS,
  examples: `
inctrl cluster status --run archive --redis redis://queue:6379
inctrl cluster status --run archive --redis redis://queue:6379 --page 9200`,
  run: (settings) =>
    interruptible(async (signal) => (await import("../cluster/status.js")).runStatus(settings, signal)),
});

const retryCommand = defineVerb({
  summary: "put back the chunks that were given up",
  description: "Puts the chunks of a run back that ended three workers, or failed five times.",
  options: RETRY,
  examples: `
inctrl cluster retry --run archive --redis redis://queue:6379
inctrl cluster retry --run archive --redis redis://queue:6379 --split`,
  run: async (settings) => (await import("../cluster/status.js")).runRetry(settings),
});

const mergeCommand = defineVerb({
  summary: "join the chunks of a run",
  description:
    "Joins the results of a run in the order of its images, chunk by chunk, and holds each against the list of images. The result is that of one `inctrl score --format jsonl` or csv, byte for byte; Parquet has the columns of the CSV.",
  options: MERGE,
  examples: `
inctrl cluster merge --run archive
inctrl cluster merge --run archive --format parquet --out archive.parquet`,
  notes: `
Exit code 0: every image has a score; 2: chunks are missing, which are listed, or images were skipped, which skipped.jsonl names;
1: the chunks are not of one run, or are damaged.`,
  run: (settings) =>
    interruptible(async (signal) => (await import("../cluster/merge.js")).runMerge(settings, signal)),
});

/** `inctrl cluster`: one run over many machines. */
export const clusterCommand = defineVerb({
  summary: "score with many machines",
  description: "Scores with many machines, which share a folder or a bucket: as plain shards, or by a queue.",
  options: {},
  examples: `
inctrl cluster submit --images archive/ --bank part.bank.safetensors --run archive --redis redis://queue:6379
inctrl cluster worker --redis redis://queue:6379
inctrl cluster merge --run archive`,
  verbs: {
    submit: submitCommand,
    worker: workerCommand,
    status: statusCommand,
    retry: retryCommand,
    merge: mergeCommand,
  },
  run: async () => {
    throw new CliError("option", 'say what to do; "inctrl cluster --help" lists it');
  },
});
