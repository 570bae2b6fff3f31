import path from "node:path";
import * as assert from "uvu/assert";
import type { Outcome } from "./capture.js";
import { cli } from "./cli.js";
import { writeImages, writeModel } from "./model.js";

/** Writes an untrained model and a bank of two drawn images into a folder. @returns the options that name them. */
export async function writeBank(folder: string): Promise<{ model: string[]; bank: string }> {
  const at = (name: string) => path.join(folder, name);
  await writeModel(at("model.safetensors"));
  const model = ["--backbone", at("model.safetensors")];
  const bank = at("part.bank.safetensors");
  const prompts = writeImages(at("good"), 2);
  const made = await cli(["score", ...model, "--prompts", ...prompts, "--save-bank", bank]);
  assert.is(made.code, 0, made.stderr);
  return { model, bank };
}

/** Scores images by a bank, as a JSON document. @param model options that name the model. */
export const scoreByBank = (
  model: readonly string[],
  bank: string,
  images: readonly string[],
  ...args: readonly string[]
): Promise<Outcome> =>
  cli(["score", ...model, "--bank", bank, "--images", ...images, "--format", "json", ...args]);

/** The rows of a JSON document of scores. */
export function resultsOf({ stdout, stderr }: Outcome) {
  assert.is.not(stdout, "", stderr);
  return JSON.parse(stdout).results;
}
