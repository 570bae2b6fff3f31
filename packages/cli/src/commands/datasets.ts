import { exportSet, inspectSet, listFormats } from "../datasets/run.js";
import { json } from "../options/groups.js";
import { argument } from "../options/option.js";
import { text } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

const spec = argument(
  "<spec>",
  "FORMAT:DIR, such as elpv:downloads/elpv; `inctrl datasets` lists the formats",
  text,
);

const inspectCommand = defineVerb({
  summary: "describe a data set",
  description: "Reads every image of a data set and reports what each category holds.",
  options: { spec, json },
  examples: `
inctrl datasets inspect mvtec:downloads/mvtec_anomaly_detection
inctrl datasets inspect "mnist:downloads/mnist?protocol=multi" --json`,
  notes: "Exit code 2: some images or masks cannot be read.",
  run: ({ spec, json }) => interruptible((signal) => inspectSet(spec, { json }, signal)),
});

const exportCommand = defineVerb({
  summary: "write a data set as folders of PNG",
  description: "Writes a data set as folders of PNG in the layout of MVTec AD.",
  options: {
    spec,
    dir: argument("<dir>", "a new or empty folder; it appears when all of it is written", text),
  },
  examples: "inctrl datasets export aitex:downloads/AITEX aitex-tiles/",
  notes: "Exit code 2: some images or masks cannot be read; the rest is written.",
  run: ({ spec, dir }) => interruptible((signal) => exportSet(spec, dir, signal)),
});

/** `inctrl datasets`: which formats are read, what a data set holds, and how to turn it into folders. */
export const datasetsCommand = defineVerb({
  summary: "list, inspect and export data sets",
  description: "Lists the formats of data sets that are read, each as it is downloaded.",
  options: { json },
  examples: `
inctrl datasets
inctrl datasets inspect mvtec:downloads/mvtec_anomaly_detection
inctrl datasets export aitex:downloads/AITEX aitex-tiles/`,
  verbs: { inspect: inspectCommand, export: exportCommand },
  run: (settings) => listFormats(settings),
});
