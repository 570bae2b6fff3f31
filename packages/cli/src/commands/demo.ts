import { runDemo } from "../demo/run.js";
import { machine, seedValue } from "../options/groups.js";
import { option, type Settings } from "../options/option.js";
import { text } from "../options/values.js";
import { interruptible } from "../signals.js";
import { defineVerb } from "../verb.js";

export type DemoOptions = Settings<typeof OPTIONS>;

const OPTIONS = {
  out: option("<folder>", "where to write products, heat maps and the report", text.default("demo-out")),
  seed: option("<S>", "seed of the products", seedValue.default(0)),
  ...machine,
};

/** `inctrl demo`: the whole job on products drawn by the computer. */
export const demoCommand = defineVerb({
  summary: "try everything on products drawn by this program",
  description: "Draws products with and without defects, scores them, and draws heat maps and a report.",
  options: OPTIONS,
  examples: `
inctrl demo
inctrl demo --out /tmp/demo --seed 3`,
  run: (settings) => interruptible((signal) => runDemo(settings, signal)),
});
