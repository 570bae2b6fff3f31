import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { flag, oneOf, positive, text, texts, whole } from "../options/values.js";

const run = option("<name>", "the run's name", text);
const { runs, redis } = shared;

export const SUBMIT = {
  ...group("Run", {
    images: option(
      "<paths...>",
      "images: files, folders, lists of names (.txt or .list), or s3://bucket/prefix",
      texts,
    ),
    recursive: option("", "take images of subfolders too", flag.optional(), {
      byDefault: "where a folder has no images of its own",
      no: "take the images of the given folders alone",
    }),
    bank: option("<file>", "the bank that is scored with", text),
    ...{ run, runs, redis, chunk: shared.chunk },
    dryRun: option(
      "",
      "say how many chunks, bytes and hours it is, at the rate of earlier runs with the same bank and options, or else of this machine on some of the images, and write nothing",
      flag.default(false),
    ),
    rate: option(
      "<N>",
      "with --dry-run: images a second of all workers, as status tells it, in place of measuring",
      positive().optional(),
    ),
  }),
  ...group("Reading", {
    fit: option("<how>", shared.FIT_HELP, shared.fits.optional(), "as the bank has it"),
    ...shared.readingOfFiles,
  }),
  ...group("Model", shared.scoringModel),
};

export type SubmitOptions = Settings<typeof SUBMIT>;

export const WORKER = {
  ...group("Queue", {
    ...{ runs, redis },
    metricsPort: option("<N>", "serve /metrics for Prometheus there", whole(1, 65535).optional()),
    metricsHost: shared.host("the address of /metrics"),
  }),
  ...shared.scoringMachine,
};

export type WorkerOptions = Settings<typeof WORKER>;

export const STATUS = {
  ...group("Run", { run, runs, redis }),
  ...group("Page", {
    page: option(
      "<port>",
      "serve a page of it there that refreshes itself, until Ctrl-C; 0 is a free port",
      whole(0, 65535).optional(),
    ),
    pageHost: shared.host("the address of the page"),
  }),
  json: shared.json,
};

export type StatusOptions = Settings<typeof STATUS>;

export const RETRY = {
  ...group("Run", {
    ...{ run, runs, redis },
    split: option(
      "",
      "split each chunk until the image that ends workers is alone, and leave that out",
      flag.default(false),
    ),
  }),
};

export type RetryOptions = Settings<typeof RETRY>;

export const MERGE = {
  ...group("Run", { run, runs }),
  ...group("Results", {
    format: option(
      "<name>",
      "how to write results: jsonl, csv or parquet",
      oneOf("jsonl", "csv", "parquet").default("jsonl"),
    ),
    out: shared.file(
      "write results there; - is standard output. For a benchmark, the folder of its tables",
      "result.jsonl, .csv or .parquet beside the chunks, or tables",
    ),
  }),
  ...group("Machine", {
    device: {
      ...shared.device,
      help: "what draws the pictures of a benchmark: auto, hardware, software, or part of an adapter's name",
    },
  }),
};

export type MergeOptions = Settings<typeof MERGE>;
