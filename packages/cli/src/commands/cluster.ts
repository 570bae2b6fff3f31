import { CliError } from "../errors.js";
import * as shared from "../options/groups.js";
import { group, option, type Settings } from "../options/option.js";
import { oneOf, text } from "../options/values.js";
import { defineVerb } from "../verb.js";

const ofRun = {
  run: option("<name>", "the run's name", text),
  runs: shared.runs,
};

const MERGE = {
  ...group("Run", ofRun),
  ...group("Results", {
    format: option("<name>", "how to write results: jsonl or csv", oneOf("jsonl", "csv").default("jsonl")),
    out: shared.file(
      "write results there; - is standard output",
      "result.jsonl or result.csv beside the chunks",
    ),
  }),
};

export type MergeOptions = Settings<typeof MERGE>;

const mergeCommand = defineVerb({
  summary: "join the chunks of a run",
  description:
    "Joins the results of a run in the order of its images, chunk by chunk, and holds each against the list of images. The result is that of one `inctrl score --format jsonl` or csv, byte for byte.",
  options: MERGE,
  examples: `
inctrl cluster merge --run archive
inctrl cluster merge --run archive --format csv --out archive.csv`,
  notes: `
Exit code 0: every image has a score; 2: chunks are missing, which are listed, or images were skipped, which skipped.jsonl names;
1: the chunks are not of one run, or are damaged.`,
  run: async (settings) => (await import("../cluster/merge.js")).runMerge(settings),
});

/** `inctrl cluster`: one run over many machines. */
export const clusterCommand = defineVerb({
  summary: "score with many machines",
  description: "Scores with many machines, which share a folder or a bucket.",
  options: {},
  examples: `
inctrl score --bank part.bank.safetensors --images archive/ --run archive --shard 1/2
inctrl score --bank part.bank.safetensors --images archive/ --run archive --shard 2/2
inctrl cluster merge --run archive`,
  verbs: { merge: mergeCommand },
  run: async () => {
    throw new CliError("option", 'say what to do; "inctrl cluster --help" lists it');
  },
});
