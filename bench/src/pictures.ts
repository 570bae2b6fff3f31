import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProductSet } from "@inctrl/datasets";
import { type ProceduralClass, writeProceduralSet } from "@inctrl/synth";

export interface Pictures {
  /** Normal images. */
  prompts: string[];
  /** Other images of the same product, half of them anomalous. */
  images: string[];
}

const PRODUCT: ProceduralClass = "nut";
const PROMPTS = 8;

/** Draws images into a temporary folder, which is removed when `use` is done. */
export async function withPictures<T>(count: number, use: (pictures: Pictures) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "inctrl-bench-"));
  try {
    const testBad = Math.floor(count / 2);
    await writeProceduralSet(folder, {
      classes: [PRODUCT],
      train: PROMPTS,
      testGood: count - testBad,
      testBad,
    });
    const { train, test } = await readProductSet(join(folder, PRODUCT));
    const paths = (samples: typeof train) => samples.map(({ source }) => source!.path);
    return await use({ prompts: paths(train), images: paths(test) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
