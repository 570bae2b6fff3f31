import { fileURLToPath } from "node:url";
import { fillBetween } from "../../bench/src/report/fill.js";

const CARD = fileURLToPath(new URL("../../packages/clip/models/nano/README.md", import.meta.url));
const MARKS = ["<!-- measured: written by research/nano/main.ts -->", "<!-- /measured -->"] as const;

/** Writes the tables into nano's model card, between its marks. */
export const fillCard = (tables: string, path = CARD): Promise<void> =>
  fillBetween(path, ...MARKS, `\n${tables}\n`);
