import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProductSet } from "@inctrl/datasets";
import { writeProceduralSet } from "@inctrl/synth";

export interface Pictures {
  /** Normal images. */
  prompts: string[];
  /** Other images of the same product, half of them anomalous. */
  images: string[];
}

const PRODUCT = "nut";
const PROMPTS = 8;

/** Makes a temporary folder. `main.ts` removes all of them at the end. */
export const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "inctrl-bench-"));

/** Draws images into a temporary folder. */
export async function drawPictures(count: number): Promise<Pictures> {
  const folder = await makeFolder();
  const testBad = Math.floor(count / 2);
  const counts = { train: PROMPTS, testGood: count - testBad, testBad };
  await writeProceduralSet(folder, { classes: [PRODUCT], ...counts });
  const { train, test } = await readProductSet(join(folder, PRODUCT));
  const paths = (samples: typeof train) => samples.map(({ source }) => source!.path);
  return { prompts: paths(train), images: paths(test) };
}
