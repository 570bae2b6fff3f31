import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ModelConfig, openWeights, parseConfig, type Weights } from "@inctrl/clip";
import { InctrlError } from "../errors.js";
import { isHeadName } from "../heads.js";

/** Files of a fixture that hold values to agree with, not weights. */
const GOLDEN_FILE = /^(forward|contrastive|train-.*)\.safetensors$/;
const CHECKPOINT_FILE = /\.(safetensors|pt|pth|pyth|bin)$/;

/** A folder in the form of `golden/tiny`: a configuration, checkpoints of one model, and values computed from it. */
export interface Fixture {
  config: ModelConfig;
  /** Every checkpoint in the folder, by file name; the first is the reference for the others. */
  checkpoints: { name: string; weights: Weights }[];
  close(): Promise<void>;
}

export async function openFixture(dir: string): Promise<Fixture> {
  const text = await readFile(join(dir, "config.json"), "utf8").catch((cause) => {
    throw new InctrlError(
      "parity",
      `${dir}: has no readable config.json; give a folder in the form of golden/tiny`,
      {
        cause,
      },
    );
  });
  const config = parseConfig(text);
  const names = (await readdir(dir)).filter((name) => CHECKPOINT_FILE.test(name) && !GOLDEN_FILE.test(name));
  const checkpoints: Fixture["checkpoints"] = [];
  const close = async () => {
    for (const { weights } of checkpoints) await weights.close();
  };
  try {
    for (const name of names.sort()) {
      checkpoints.push({ name, weights: await openWeights(join(dir, name), { extra: isHeadName }) });
    }
    // Full precision first, so that the reference is exact.
    checkpoints.sort((a, b) => Number(a.weights.dtype !== "F32") - Number(b.weights.dtype !== "F32"));
    if (checkpoints.length === 0) {
      throw new InctrlError(
        "parity",
        `${dir}: holds no checkpoint; give a folder in the form of golden/tiny`,
      );
    }
    return { config, checkpoints, close };
  } catch (error) {
    await close();
    throw error;
  }
}
