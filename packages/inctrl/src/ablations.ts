import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { openWeights } from "@inctrl/clip";
import { readComponents } from "./components.js";
import { headsModule, headValuesIn, isHeadName } from "./heads.js";

/** Trained heads of a row of the paper's table 3. */
export interface AblationHeads {
  /** The row: "P+I", "T+P+I", "concatenation", "average". */
  readonly label: string;
  readonly file: string;
}

/** Rows of trained heads in the paper's order. */
const ROWS = ["I", "T+P", "T+I", "P+I", "T+P+I", "concatenation", "average"];

/** The paper's order of the components in the names of its rows. */
const ORDER = ["T", "P", "I"] as const;

/**
 * The heads of table 3 in a folder that holds a folder for each training, by what their files say of themselves.
 *
 * @throws InctrlError as `Heads.load`.
 * @example
 * for (const { label, file } of await ablationHeads("ablations")) console.log(label, file);
 */
export async function ablationHeads(folder: string): Promise<AblationHeads[]> {
  const found: AblationHeads[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const file = join(folder, name, "heads.safetensors");
    if (await stat(file).catch(() => null)) found.push({ label: await rowOf(file), file });
  }
  const rank = ({ label }: AblationHeads) => (ROWS.indexOf(label) + ROWS.length) % ROWS.length;
  return found.sort((a, b) => rank(a) - rank(b));
}

async function rowOf(file: string): Promise<string> {
  const weights = await openWeights(file, { extra: isHeadName });
  try {
    const { metadata } = weights.file;
    const { form } = headsModule(await headValuesIn(weights), file, metadata);
    if (form === "concat") return "concatenation";
    if (form === "average") return form;
    const components = readComponents(metadata.components ?? ORDER.join()) ?? [];
    return ORDER.filter((name) => components.includes(name)).join("+");
  } finally {
    await weights.close();
  }
}
