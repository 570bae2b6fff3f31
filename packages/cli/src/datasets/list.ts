import { EXIT } from "../errors.js";
import { print, printJson } from "../output/print.js";
import { DATA_FORMATS } from "./formats.js";

/** Prints every format of data sets: its name, its title, its layout and its options. */
export async function listFormats({ json }: { json?: boolean }): Promise<number> {
  if (json) {
    const forms = DATA_FORMATS.map(({ name, title, argument, layout, options = {} }) => {
      return { name, title, argument, layout, options };
    });
    await printJson({ forms });
    return EXIT.ok;
  }
  const blocks = DATA_FORMATS.map(({ name, title, argument, layout, options = {} }) => {
    const lines = [`${name}:${argument}`.padEnd(16) + title, `${INDENT}${layout}`];
    for (const [option, meaning] of Object.entries(options)) lines.push(`${INDENT}?${option}=  ${meaning}`);
    return lines.map((line) => `  ${line}\n`).join("");
  });
  await print(`Data sets, in the layout each is downloaded in:\n\n${blocks.join("\n")}`);
  return EXIT.ok;
}

const INDENT = " ".repeat(16);
