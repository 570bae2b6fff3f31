import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type ModelConfig, openWeights, parseConfig, type Weights } from "@inctrl/clip";
import { openSafetensors, type TensorFile } from "@inctrl/tensor";
import { type Closable, closing, orClosed, readPlainText } from "@inctrl/tensor/files";
import { InctrlError } from "../errors.js";
import { isHeadName } from "../heads.js";

/** Files of a fixture that hold values to agree with, not weights. */
const GOLDEN_FILE = /^(forward|contrastive|train-.*)\.safetensors$/;
const CHECKPOINT_FILE = /\.(safetensors|pt|pth|pyth|bin)$/;

/** What the values of a fixture were computed from. Each query has prompts of its own. */
export interface Inputs {
  /** Normalised pixels, [queries, 3, side, side] and [queries, shots, 3, side, side]. */
  readonly query: Float32Array;
  readonly prompts: Float32Array;
  /** Token ids of the normal and of the abnormal texts, rows of `length`. */
  readonly normal_ids: Int32Array;
  readonly abnormal_ids: Int32Array;
  readonly queries: number;
  readonly shots: number;
  readonly length: number;
  readonly side: number;
}

/** Names of the inputs in the file. */
export const INPUTS = ["query", "prompts", "normal_ids", "abnormal_ids"];

/** Reads a fixture's inputs. @throws InctrlError `parity` unless they fit one another and the model. */
async function readInputs(golden: TensorFile, { vision }: ModelConfig): Promise<Inputs> {
  const fail = (why: string) =>
    new InctrlError("parity", `${golden.path}: ${why}; give a folder in the form of golden/tiny`);
  const shape = (name: string) => {
    const stored = golden.tensors.get(name);
    if (!stored) throw fail(`has no ${JSON.stringify(name)}`);
    return stored.shape;
  };
  const { imageSize: side } = vision;
  const [queries, shots] = shape("prompts");
  const [texts, length] = shape("normal_ids");
  const [others] = shape("abnormal_ids");
  const read = async (name: string, want: readonly number[]) => {
    const got = shape(name);
    if (got.length === want.length && got.every((d, i) => d === want[i] && d > 0))
      return golden.readFloat32(name);
    throw fail(`${JSON.stringify(name)} is [${got.join(", ")}] and must be [${want.join(", ")}]`);
  };
  const prompts = await read("prompts", [queries, shots, 3, side, side]);
  const query = await read("query", [queries, 3, side, side]);
  const normal_ids = Int32Array.from(await read("normal_ids", [texts, length]));
  const abnormal_ids = Int32Array.from(await read("abnormal_ids", [others, length]));
  if ([...golden.tensors.keys()].every((name) => INPUTS.includes(name)))
    throw fail("holds no values to agree with");
  return { query, prompts, normal_ids, abnormal_ids, queries, shots, length, side };
}

/** A folder in the form of `golden/tiny`: a configuration, checkpoints of one model, and values computed from it. */
export interface Fixture extends Closable {
  readonly config: ModelConfig;
  /** Every checkpoint in the folder, by file name; the first is the reference for the others. */
  readonly checkpoints: readonly { readonly name: string; readonly weights: Weights }[];
  /** The checkpoint with InCTRL's heads. */
  readonly heads: Weights;
  /** Inputs and values of the forward pass. */
  readonly forward: TensorFile;
  readonly inputs: Inputs;
  /** The path of `NAME.safetensors`; null where the fixture has no such values. */
  golden(name: string): string | null;
}

/** @throws InctrlError `parity` where the folder is no fixture. */
export async function openFixture(dir: string): Promise<Fixture> {
  const fail = (why: string, cause?: unknown) =>
    new InctrlError("parity", `${dir}: ${why}; give a folder in the form of golden/tiny`, { cause });
  const text = await readPlainText(join(dir, "config.json"), 1e6).catch((cause) => {
    throw fail("has no readable config.json", cause);
  });
  const config = parseConfig(text);
  if (!config.text) throw fail("its model has no text tower");
  const names = (await readdir(dir)).filter((name) => CHECKPOINT_FILE.test(name) && !GOLDEN_FILE.test(name));
  const checkpoints: { name: string; weights: Weights }[] = [];
  let forward: TensorFile | undefined;
  const all = closing(async () => {
    for (const { weights } of checkpoints) await weights.close();
    await forward?.close();
  });
  return orClosed(all, async () => {
    for (const name of names.sort()) {
      checkpoints.push({ name, weights: await openWeights(join(dir, name), { extra: isHeadName }) });
    }
    // Full precision first, so that the reference is exact.
    checkpoints.sort((a, b) => Number(a.weights.dtype !== "F32") - Number(b.weights.dtype !== "F32"));
    if (checkpoints.length === 0) throw fail("holds no checkpoint");
    const heads = checkpoints.find(({ weights }) => weights.extra.size > 0)?.weights;
    if (!heads) throw fail("no checkpoint holds InCTRL's heads");
    const golden = (name: string) => {
      const path = join(dir, `${name}.safetensors`);
      return existsSync(path) ? path : null;
    };
    forward = await openSafetensors(join(dir, "forward.safetensors"));
    const inputs = await readInputs(forward, config);
    return { config, checkpoints, heads, forward, inputs, golden, ...all };
  });
}
