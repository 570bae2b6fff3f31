import { count, oneLine } from "@inctrl/datasets";
import { type BankCheck, checkBank } from "@inctrl/detect";
import { withDevice } from "../device.js";
import { EXIT } from "../errors.js";
import { printResult } from "../output/print.js";
import { alignTable } from "../output/table.js";
import { fixed, indent } from "../ui/amounts.js";

/** Compares the prompts of a bank with each other, and prints what is unlike the others and what is redundant. Returns the exit code. */
export async function runCheck(path: string, options: { device?: string; json?: boolean }): Promise<number> {
  const checked = await withDevice(options.device, (device) => checkBank(device, path));
  await printResult(options.json, { file: path, ...checked }, textOf(checked));
  return EXIT.ok;
}

function textOf({ prompts, bound, redundant }: BankCheck): string {
  const rows = prompts.map(({ name, peak, mean, nearest }) => {
    const unlike = bound !== null && peak > bound ? "unlike" : "";
    return [oneLine(name), fixed(peak), fixed(mean), oneLine(nearest.name), fixed(nearest.mean), unlike];
  });
  const heading = ["prompt", "largest", "mean", "nearest prompt", "from it", ""];
  const first = `Residuals of each prompt with the others, the most unlike first:\n${indent(alignTable([heading, ...rows]))}`;
  const far = bound === null ? "" : `\nA prompt is unlike the others above ${fixed(bound)}.\n`;
  if (redundant.length === 0) return `${first}${far}`;
  const pairs = redundant.map(({ names, mean }) => [...names.map(oneLine), fixed(mean)]);
  const same = `${count(redundant.length, "pair is", "pairs are")} nearly the same; one of each adds little`;
  return `${first}${far}\n${same}:\n${indent(alignTable([["prompt", "prompt", "residual"], ...pairs]))}`;
}
