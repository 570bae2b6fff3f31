import { fileURLToPath } from "node:url";
import { fillBetween } from "../src/report/readme.js";

const CARD = fileURLToPath(new URL("../../packages/clip/models/nano/README.md", import.meta.url));
const MARKS = ["<!-- measured: written by bench/nano/main.ts -->", "<!-- /measured -->"] as const;

/** Puts what was measured into nano's card, between its marks. */
export const fillCard = (found: string, path = CARD): Promise<void> =>
  fillBetween(path, ...MARKS, `\n${found}\n`);
